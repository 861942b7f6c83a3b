import type { IncomingMessage } from 'node:http';

/** Where the endpoints of the protocol are. */
export const ROUTES = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  jwks: '/oauth2/jwks',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  pushed_authorization_request: '/oauth2/par',
  userinfo: '/userinfo',
  end_session: '/connect/logout',
};

/** The path of a request without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}
