/**
 * The audience of tokens with which people see and end what is done on their behalf. A resource of this name must be registered in
 * the file; without it nobody can get such a token, and the endpoints are closed.
 */
export const ME_AUDIENCE = 'auth-server-me';

/** What such tokens may be good for. */
export const ME_SCOPES = ['activity.read', 'activity.stop', 'exchange.evaluate'] as const;
