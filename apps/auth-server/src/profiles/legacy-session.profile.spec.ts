import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createProfileTester } from '@onbehalf/feature-custom-subject-tokens/testing';
import { LegacySessionProfile } from './legacy-session.profile.js';

const key = randomUUID();
const open = { user: 'alice', startedAt: 1e9, endsAt: 2e9, locked: false, rights: ['legacy.read'] };
const answers: Record<string, readonly [number, object]> = {
  open: [200, open],
  locked: [200, { ...open, locked: true }],
  broken: [200, { user: 'alice' }],
  down: [500, {}],
};

const server = createServer((request, response) => {
  void (async () => {
    const body = (await request.toArray()).map((chunk) => String(chunk)).join('');
    const id = new URLSearchParams(body).get('id') ?? '';
    const known = request.headers.authorization === `Bearer ${key}`;
    const [status, answer] = known ? (answers[id] ?? [404, {}]) : [401, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  })();
});
let url: string;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (id: string, service: object = { url, key }) =>
  createProfileTester(new LegacySessionProfile(service)).verify(id);

it('asks the legacy service whose session it is', async () => {
  expect(await ask('open')).toMatchObject({ outcome: 'subject', account: 'alice', authTime: 1e9, expiresAt: 2e9 });
  expect(await ask('locked')).toMatchObject({ outcome: 'denied' });
  expect(await ask('?')).toMatchObject({ outcome: 'invalid' });
});

it('takes no outage for a bad session', async () => {
  expect(await ask('down')).toMatchObject({ outcome: 'unavailable' });
  expect(await ask('open', { url, key: 'another' })).toMatchObject({ outcome: 'unavailable' });
  expect(await ask('open', {})).toMatchObject({ outcome: 'unavailable' });
  await expect(ask('broken')).rejects.toThrow('the profile has thrown ZodError');
  await expect(ask('open', { url: 'http://127.0.0.1:1', key })).rejects.toThrow('the profile has thrown TypeError');
});
