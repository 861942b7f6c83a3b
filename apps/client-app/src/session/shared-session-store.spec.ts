import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { Session, SessionData } from 'express-session';
import { sql } from 'kysely';
import { openRecords, type OpenedRecords } from '../store/open-records.js';
import { MOST_OF_ONE } from '../store/shared-records.js';
import type { Login } from './session-data.js';
import type { Engineer } from './support-session.js';
import { SharedSessionStore } from './shared-session-store.js';

const login: Login = {
  subject: 'baeldung',
  authorizedParty: 'client-app',
  accessToken: 'old',
  signedInAt: 0,
  csrf: '',
};

describe('SharedSessionStore', () => {
  let opened: OpenedRecords;
  let store: SharedSessionStore;

  beforeEach(async () => {
    opened = await openRecords({ url: 'sqlite::memory:' });
    store = new SharedSessionStore(opened.records, 1000);
    await written(store, 'a', { cookie: { originalMaxAge: 1000, httpOnly: true, path: '/' }, login });
  });
  afterEach(() => opened.database.destroy());

  function written(to: SharedSessionStore, id: string, session: SessionData): Promise<void> {
    return new Promise((resolve, reject) =>
      to.set(id, session, (error) => (error instanceof Error ? reject(error) : resolve())),
    );
  }

  /** As a request has it. */
  function read(id: string): Promise<(Session & SessionData) | undefined> {
    const request = { sessionID: id, sessionStore: store } as unknown as Request;
    return new Promise((resolve, reject) =>
      store.get(id, (error, found) => {
        if (error instanceof Error) reject(error);
        else resolve(found ? store.createSession(request, found) : undefined);
      }),
    );
  }

  it('writes what a request has changed, and nothing that another has changed meanwhile', async () => {
    const [one, other] = [(await read('a'))!, (await read('a'))!];
    one.login = { ...one.login!, accessToken: 'new', refreshToken: 'rotated' };
    await written(store, 'a', one);
    other.login = { ...other.login!, onTrial: false };
    await written(store, 'a', other);
    expect((await read('a'))?.login).toEqual({ ...login, accessToken: 'new', refreshToken: 'rotated', onTrial: false });
  });

  it('brings back no session that has ended', async () => {
    const underWay = (await read('a'))!;
    await new Promise((resolve) => store.destroy('a', resolve));
    underWay.login = { ...login, accessToken: 'new' };
    await written(store, 'a', underWay);
    await new Promise<void>((resolve) => store.touch('a', underWay, resolve));
    expect(await read('a')).toBeUndefined();
  });

  it('keeps what a cookie is to be, and not when it ends', async () => {
    const { cookie } = (await read('a'))!;
    expect([cookie.httpOnly, cookie.path, cookie.originalMaxAge]).toEqual([true, '/', 1000]);
  });

  it('keeps a few of each account: a thousand sign-ins of one end nobody else’s', async () => {
    const cookie = { originalMaxAge: 1000 };
    const of = (subject: string) => ({ cookie, login: { ...login, subject } });
    const engineer: Engineer = { subject: 'mallory', accessToken: 'x', freshUntil: 0, csrf: '' };
    for (let i = 0; i < 2 * MOST_OF_ONE; i += 1) {
      await written(store, `mallory-${i}`, i % 2 ? of('mallory') : { cookie, engineer });
    }
    expect((await read('a'))?.login?.subject).toBe('baeldung');
    const { rows } = await sql`select 1 from client_app_records where kind = 'session'`.execute(opened.database);
    expect(rows).toHaveLength(MOST_OF_ONE + 1);
    expect((await read(`mallory-${2 * MOST_OF_ONE - 1}`))?.login?.subject).toBe('mallory');
  });

  it('does not take the id of one for a new one', async () => {
    const planted = { cookie: { originalMaxAge: 1000 }, login: { ...login, subject: 'another' } };
    await expect(written(store, 'a', planted)).rejects.toThrow('There is a session of this id already');
    expect((await read('a'))?.login?.subject).toBe('baeldung');
  });

  it('tells of a database that fails, which is no session that has ended', async () => {
    await opened.database.destroy();
    await expect(read('a')).rejects.toMatchObject({ name: 'RecordsUnavailable' });
    opened = await openRecords({ url: 'sqlite::memory:' });
  });
});
