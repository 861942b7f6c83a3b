/** Where engineers come back to after they have signed in. */
export const SUPPORT_CALLBACK = '/support/callback';
