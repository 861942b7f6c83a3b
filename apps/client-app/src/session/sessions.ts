import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { Settings } from '../settings.js';
import type { CookieSecrets } from '../store/cookie-secrets.js';
import type { SharedRecords } from '../store/shared-records.js';
import { SharedSessionStore } from './shared-session-store.js';

const EIGHT_HOURS = 8 * 60 * 60 * 1000;
/** What express-session says of a session that is not there; it tells it from other failures by nothing else. */
const NOT_THERE = 'failed to load session';

/** Server-side sessions; the browser holds a signed random id and nothing else. */
export function sessions({ publicUrl }: Settings, records: SharedRecords, secrets: CookieSecrets): RequestHandler {
  const secure = publicUrl.startsWith('https:');
  return session({
    // cookies ignore ports: the name must differ from those of the other apps on the same host
    name: secure ? '__Host-client-app.sid' : 'client-app.sid',
    // the first signs, all are accepted
    secret: [...secrets.all],
    store: new SharedSessionStore(records, EIGHT_HOURS),
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

/**
 * Reads the session again: another request may have changed it. `false` when it is gone.
 * @throws RecordsUnavailable when that cannot be known now
 */
export function reload(request: Request): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request.session.reload((error?: Error) => {
      if (error && error.message !== NOT_THERE) reject(error);
      else resolve(!error);
    });
  });
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
