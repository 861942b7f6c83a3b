import type { Request } from 'express';

/** The visitor of a page. */
export interface Visitor {
  readonly user: string;
  /** For the forms of the page. */
  readonly csrf: string;
}

/** The signed-in user; `undefined`: nobody is. */
export function visitorOf(request: Request): Visitor | undefined {
  const login = (request.session as Request['session'] | undefined)?.login;
  return login && { user: login.subject, csrf: login.csrf };
}
