import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { createTestIssuer, type ServedTestIssuer } from '@onbehalf/testing';
import { calendarService } from './calendar-service.js';

let issuer: ServedTestIssuer;
let home: ServedTestIssuer;
let app: CreatedApp;
let base: string;

beforeAll(async () => {
  [issuer, home] = await Promise.all([
    createTestIssuer({ http: true, audience: 'calendar-service' }),
    createTestIssuer({ http: true, audience: 'calendar-service' }),
  ]);
  app = await createApp(calendarService, { PORT: '0', ISSUER: issuer.issuer }, { write: () => undefined });
  base = `http://localhost:${((await app.listen()).address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close(0);
  await Promise.all([issuer.close(), home.close()]);
});

const events = async (token: string): Promise<Response> =>
  fetch(`${base}/events`, { headers: { authorization: `Bearer ${token}` } });

describe('GET /events', () => {
  it('gives the calendar of the user', async () => {
    const response = await events(await issuer.token({ sub: 'bael', scope: 'calendar.read', client_id: 'onbehalf' }));
    expect([response.status, await response.json()]).toEqual([
      200,
      { user: 'bael', events: [expect.any(Object), expect.any(Object)], client: 'onbehalf' },
    ]);
  });

  it('is empty for whom it does not know', async () => {
    const response = await events(await issuer.token({ sub: 'baeldung', scope: 'calendar.read' }));
    expect(await response.json()).toMatchObject({ user: 'baeldung', events: [] });
  });

  it('takes no token of another domain, whatever it says', async () => {
    const response = await events(await home.token({ sub: 'bael', scope: 'calendar.read' }));
    expect(response.status).toBe(401);
  });

  it('needs the scope calendar.read', async () => {
    expect((await events(await issuer.token({ sub: 'bael', scope: 'calendar.write' }))).status).toBe(403);
  });
});
