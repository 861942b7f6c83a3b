/**
 * The audience of operators' tokens. A resource of this name with the scopes of the admin endpoints must be registered;
 * without it nobody can get such a token, and the endpoints are closed. Its scopes are for users and clients that list them.
 */
export const ADMIN_AUDIENCE = 'auth-server';
