import { beforeAll, expect, it } from '@jest/globals';
import { fileOf, OTHER, user, web, type Document } from './lives-file.js';
import type { Held, LivesWorld } from './lives-world.fixture.js';

/** What stands in the file at first, after a restart, and after the next one. */
type Stands = readonly [Document, Document | undefined, Document | undefined];

const off = { enabled: false };
const other = { passwordHash: OTHER };

/** Each is the name of a user; with the password that signs in at the end, where one does. */
const ENDED_USERS: Readonly<Record<string, readonly [Stands, string?]>> = {
  removed: [[user(), undefined, undefined]],
  'removed and added': [[user(), undefined, user()], 'password'],
  disabled: [[user(), user(off), user(off)]],
  'disabled and enabled': [[user(), user(off), user()], 'password'],
  'given a new password': [[user(), user(other), user(other)], 'another password'],
  'given a new password, and the first one again': [[user(), user(other), user()], 'password'],
};
const ENDED_CLIENTS: Readonly<Record<string, Stands>> = {
  'removed-and-added': [web(), undefined, web()],
  'disabled-then-enabled': [web(), web(off), web()],
};
const KEPT: Readonly<Record<string, Stands>> = {
  'told another name, and a new password that keeps sessions': [
    user(),
    user({ name: 'Another name' }),
    user({ ...other, keepsSessions: true }),
  ],
  'as before': [user(), user(), user()],
  'one whom a client of its own serves': [user(), user(), user()],
};
const BESIDE_CLIENT = 'one whom a client of its own serves';
const LIMIT = 60_000;

/** The file at this stage, with the users and clients that other tests change. */
export function stage(index: 0 | 1 | 2, users: readonly string[], clients: readonly string[]): Document {
  const at = (stands: Readonly<Record<string, Stands>>): Record<string, Document> =>
    Object.fromEntries(Object.entries(stands).flatMap(([name, { [index]: stand }]) => (stand ? [[name, stand]] : [])));
  const people = Object.fromEntries(Object.entries(ENDED_USERS).map(([name, [stands]]) => [name, stands]));
  const file = fileOf(
    { ...at(people), ...at(KEPT), ...Object.fromEntries(users.map((name) => [name, user()])) },
    { ...at(ENDED_CLIENTS), ...Object.fromEntries(clients.map((clientId) => [clientId, web()])) },
  );
  return { ...file, generation: index + 1 };
}

/** What the file says otherwise after a restart. All tests share two restarts, of one replica and then of both. */
export function livesByFile(world: () => LivesWorld, fileAt: (index: 0 | 1 | 2) => Document): void {
  const held = new Map<string, Held>();

  beforeAll(async () => {
    const hold = async (name: string, username: string, clientId?: string): Promise<void> =>
      void held.set(name, await world().hold(username, clientId === undefined ? {} : { clientId }));
    await Promise.all([
      ...[...Object.keys(ENDED_USERS), ...Object.keys(KEPT)].map((name) => hold(name, name)),
      ...Object.keys(ENDED_CLIENTS).map((name) => hold(name, BESIDE_CLIENT, name)),
    ]);
    await world().restart(fileAt(1), world().first);
    await world().restart(fileAt(2), world().first, world().second);
  }, LIMIT);

  it.each(Object.keys(ENDED_USERS))('a user that is %s', async (name) => {
    const [, password] = ENDED_USERS[name]!;
    await world().expectEnded(held.get(name)!);
    if (password !== undefined) await world().hold(name, { password });
  });

  it.each(Object.keys(ENDED_CLIENTS))('a client that is %s', async (clientId) => {
    await world().expectEnded(held.get(clientId)!, false);
    await world().hold(BESIDE_CLIENT, { clientId });
  });

  it('nothing ends by a restart, nor by a new password that keeps sessions', async () => {
    await world().expectGoesOn(held.get('told another name, and a new password that keeps sessions')!);
  });

  it(
    'nothing ends by a replica whose file is older, or empty, and it says so',
    async () => {
      const without: Document = { ...fileAt(2), users: [] };
      const files: readonly [Document, string][] = [
        [{ ...without, generation: 2 }, '"generation":2,"newest":3,"empty":false'],
        [{ ...without, generation: undefined }, '"generation":0,"newest":3,"empty":false'],
        [{}, '"generation":0,"newest":3,"empty":true'],
      ];
      const replicas = await Promise.all(files.map(([document]) => world().further(document)));
      try {
        for (const [index, [, line]] of files.entries()) {
          const said = replicas[index]!.app('auth-server').lines.filter((each) =>
            each.includes('registrations.old_file'),
          );
          expect(said).toEqual([expect.stringContaining(line)]);
        }
        expect(await world().isIntact(held.get('as before')!)).toBe(true);
      } finally {
        await Promise.all(replicas.map((each) => each.down()));
      }
      await world().expectGoesOn(held.get('as before')!);
    },
    LIMIT,
  );
}
