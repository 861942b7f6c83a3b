import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { Settings } from '../settings.js';
import { BoundedSessionStore } from './bounded-session-store.js';

const MAX_SESSIONS = 10_000;
const EIGHT_HOURS = 8 * 60 * 60 * 1000;

/** Server-side sessions; the browser holds a signed random id and nothing else. */
export function sessions({ publicUrl, sessionSecret }: Settings): RequestHandler {
  const secure = publicUrl.startsWith('https:');
  return session({
    // cookies ignore ports: the name must differ from those of the other apps on the same host
    name: secure ? '__Host-client-app.sid' : 'client-app.sid',
    secret: sessionSecret ?? randomBytes(32).toString('base64url'),
    store: new BoundedSessionStore({ maxSessions: MAX_SESSIONS, timeToLive: EIGHT_HOURS }),
    cookie: { httpOnly: true, sameSite: 'lax', secure, maxAge: EIGHT_HOURS, path: '/' },
    // behind a proxy that ends TLS, as a public https URL means here
    proxy: secure,
    resave: false,
    saveUninitialized: false,
  });
}

/** Gives the session a new id and nothing of its old content, so that an id planted before the login is worth nothing. */
export function regenerate(request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    request.session.regenerate((error?: Error) => (error ? reject(error) : resolve()));
  });
}

/** Reads the session again: another request may have changed it. `false` when it is gone. */
export function reload(request: Request): Promise<boolean> {
  return new Promise((resolve) => request.session.reload((error?: Error) => resolve(!error)));
}

/** Writes the session now, for requests that come before this one ends. */
export function save(request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    request.session.save((error?: Error) => (error ? reject(error) : resolve()));
  });
}

/** Ends the session. */
export function destroy(request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    request.session.destroy((error?: Error) => (error ? reject(error) : resolve()));
  });
}
