import { describe, expect, it } from '@jest/globals';
import type { SessionData } from 'express-session';
import { BoundedSessionStore } from './bounded-session-store.js';
import type { Login } from './session-data.js';

const cookie = { originalMaxAge: null };
const login: Login = { subject: '', authorizedParty: 'client-app', accessToken: '', signedInAt: 0, csrf: '' };
const signedIn = (subject: string): SessionData => ({ cookie, login: { ...login, subject } });

function read(store: BoundedSessionStore, id: string): SessionData | null | undefined {
  let found: SessionData | null | undefined;
  store.get(id, (_error, session) => (found = session));
  return found;
}

describe('BoundedSessionStore', () => {
  it('gives back a copy, so that what a request changes is not seen before it is saved', () => {
    const store = new BoundedSessionStore({ maxSessions: 10, timeToLive: 1000 });
    store.set('a', signedIn('baeldung'));
    delete read(store, 'a')?.login;
    expect(read(store, 'a')?.login?.subject).toBe('baeldung');
  });

  it('lets the one go that was used least recently', () => {
    const store = new BoundedSessionStore({ maxSessions: 2, timeToLive: 1000 });
    store.set('a', signedIn('a'));
    store.set('b', signedIn('b'));
    store.touch('a', signedIn('a'));
    store.set('c', signedIn('c'));
    expect(store.size).toBe(2);
    expect([read(store, 'a'), read(store, 'b'), read(store, 'c')].map((session) => session !== null)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('ends a session after its time, however often it is used', () => {
    let now = 0;
    const store = new BoundedSessionStore({ maxSessions: 2, timeToLive: 1000, now: () => now });
    store.set('a', signedIn('a'));
    now = 999;
    store.set('a', signedIn('a'));
    store.touch('a', signedIn('a'));
    expect(read(store, 'a')).not.toBeNull();
    now = 1000;
    expect(read(store, 'a')).toBeNull();
    expect(store.size).toBe(0);
  });

  it('forgets a session that is destroyed', () => {
    const store = new BoundedSessionStore({ maxSessions: 2, timeToLive: 1000 });
    store.set('a', signedIn('a'));
    store.destroy('a');
    store.touch('a', signedIn('a'));
    expect(read(store, 'a')).toBeNull();
  });
});
