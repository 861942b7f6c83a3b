import { expect } from '@jest/globals';
import { decodeJwt } from 'jose';
import { UserAgent } from '@onbehalf/testing-internal';
import { OTHER, REDIRECT, user, web, type Document } from './lives-file.js';
import { authorizationRequest, isSignedIn, SOON, type LivesWorld } from './lives-world.fixture.js';
import { together } from './together.js';
import { until } from './until.js';

/** The users of the file that these tests change, one each. */
export const CHANGED = Array.from({ length: 16 }, (_, number) => `user${number}`);
/** The clients of the file that these tests change. */
export const DISABLED = ['disabled-and-enabled', 'disabled-and-file-again'] as const;

/** What operators change at one replica, while the other one goes on. */
export function livesByApi(world: () => LivesWorld): void {
  const names = CHANGED.values();
  const next = (): string => names.next().value!;
  const changes = (name: string) => ({
    put: (more: Document = {}) => world().send('PUT', `/admin/users/${name}`, user(more)),
    remove: () => world().send('DELETE', `/admin/users/${name}`),
    disable: () => world().send('POST', `/admin/users/${name}/disable`),
    enable: () => world().send('POST', `/admin/users/${name}/enable`),
  });
  type Changes = ReturnType<typeof changes>;
  const atClient = (clientId: string, operation = '') => `/admin/clients/${clientId}${operation}`;

  /** The user's life ends; with a password, another one begins. */
  const ends = (title: string, steps: (change: Changes) => (() => Promise<unknown>)[], password?: string) =>
    [
      `a user that is ${title}`,
      async () => {
        const name = next();
        const held = await world().hold(name);
        for (const step of steps(changes(name))) await step();
        await world().expectEnded(held);
        if (password === undefined) return;
        await world().expectGoesOn(await world().hold(name, { password }));
        await world().expectEnded(held);
      },
    ] as const;

  const goesOn = (title: string, step: (change: Changes) => Promise<unknown>, password = 'password') =>
    [
      `a user that is given ${title} goes on`,
      async () => {
        const name = next();
        const held = await world().hold(name);
        await step(changes(name));
        await world().expectGoesOn(held);
        await world().hold(name, { password });
      },
    ] as const;

  together([
    ends('disabled', ({ disable }) => [disable]),
    ends('disabled and enabled', ({ disable, enable }) => [disable, enable], 'password'),
    ends('disabled, and the file in force again', ({ disable, remove }) => [disable, remove], 'password'),
    ends(
      'disabled, enabled, and the file in force again',
      ({ disable, enable, remove }) => [disable, enable, remove],
      'password',
    ),
    ends('replaced by a disabled one', ({ put }) => [() => put({ enabled: false })]),
    ends(
      'replaced by a disabled one and an enabled one',
      ({ put }) => [() => put({ enabled: false }), () => put()],
      'password',
    ),
    ends('given a new password', ({ put }) => [() => put({ passwordHash: OTHER })], 'another password'),
    ends(
      'given a new password, and the one of the file again',
      ({ put, remove }) => [() => put({ passwordHash: OTHER }), remove],
      'password',
    ),
    goesOn('another name', ({ put }) => put({ name: 'Another name' })),
    goesOn(
      'a new password that keeps sessions',
      ({ put }) => put({ passwordHash: OTHER, keepsSessions: true }),
      'another password',
    ),
    ['a user that is deleted, and another person of the same name', anotherPerson],
    ['a sign-in that is under way when the person changes', signInUnderWay],
    [
      'a client that is disabled and enabled',
      () => disabledClient(DISABLED[0], () => world().send('POST', atClient(DISABLED[0], '/enable'))),
    ],
    [
      'a client that is disabled, and the file in force again',
      () => disabledClient(DISABLED[1], () => world().send('DELETE', atClient(DISABLED[1]))),
    ],
    ['a client that is deleted, and another one of the same name', anotherClient],
    ['a client with a new secret goes on', newSecret],
  ]);

  async function anotherPerson(): Promise<void> {
    const [name, servers] = ['carol-by-api', world().servers];
    const { put, remove } = changes(name);
    await put();
    const held = await world().hold(name);
    await remove();
    await world().expectEnded(held);
    await put({ name: 'The second', passwordHash: OTHER });
    await world().expectEnded(held);
    const second = await world().hold(name, { password: 'another password' });
    expect(decodeJwt(String(second.tokens['id_token']))).toMatchObject({ sub: name, name: 'The second' });
    await until(async () => isSignedIn(second, servers[1]), SOON);
    await world().expectGoesOn(second);
  }

  async function signInUnderWay(): Promise<void> {
    const name = 'dave-by-api';
    const { put, remove } = changes(name);
    await put();
    const agent = new UserAgent();
    const page = await agent.follow(await agent.get(authorizationRequest(world().servers[0], 'web')));
    const sent = await agent.submit(page.url, { username: name, password: 'password' });
    await remove();
    await put({ passwordHash: OTHER });
    const back = await agent.follow(sent, REDIRECT);
    expect(back.headers.get('location')).toBeNull();
  }

  async function disabledClient(clientId: string, enable: () => Promise<unknown>): Promise<void> {
    const name = next();
    const held = await world().hold(name, { clientId });
    await world().send('POST', atClient(clientId, '/disable'));
    await world().expectEnded(held, false);
    await enable();
    await world().untilRefused(held);
    await world().expectEnded(held, false);
    await world().expectGoesOn(await world().hold(name, { clientId }));
  }

  async function anotherClient(): Promise<void> {
    const [name, clientId] = [next(), 'shop-by-api'];
    const first = await world().send('PUT', atClient(clientId), web());
    const held = await world().hold(name, { clientId, secret: String(first['clientSecret']) });
    await world().send('DELETE', atClient(clientId));
    const second = await world().send('PUT', atClient(clientId), web());
    const secret = String(second['clientSecret']);
    await world().expectEnded(held, false, secret);
    await world().expectGoesOn(await world().hold(name, { clientId, secret }));
  }

  async function newSecret(): Promise<void> {
    const clientId = 'desk-by-api';
    const { clientSecret } = await world().send('PUT', atClient(clientId), web());
    const held = await world().hold(next(), { clientId, secret: String(clientSecret) });
    await world().send('POST', atClient(clientId, '/secret'), { overlap: 600 });
    await world().expectGoesOn(held);
  }
}
