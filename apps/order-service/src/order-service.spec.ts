import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { createTestIssuer, type ServedTestIssuer } from '@onbehalf/testing';
import { orderService } from './order-service.js';

let issuer: ServedTestIssuer;
let home: ServedTestIssuer;
let app: CreatedApp;
let base: string;

beforeAll(async () => {
  [issuer, home] = await Promise.all([
    createTestIssuer({ http: true, audience: 'order-service' }),
    createTestIssuer({ http: true, audience: 'order-service' }),
  ]);
  app = await createApp(orderService, { PORT: '0', ISSUER: issuer.issuer }, { write: () => undefined });
  base = `http://localhost:${((await app.listen()).address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close(0);
  await Promise.all([issuer.close(), home.close()]);
});

const orders = async (token: string): Promise<Response> =>
  fetch(`${base}/orders`, { headers: { authorization: `Bearer ${token}` } });

describe('GET /orders', () => {
  it('gives the orders of the user, and says who asks from where', async () => {
    const act = { sub: 'onbehalf-client-app', iss: issuer.issuer, act: { sub: 'client-app', iss: home.issuer } };
    const response = await orders(await issuer.token({ sub: 'b.aeldung', scope: 'order.read', act }));
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({
        user: 'b.aeldung',
        orders: [expect.objectContaining({ number: '1001' }), expect.objectContaining({ number: '1002' })],
        askedBy: ['onbehalf-client-app', `client-app of ${home.issuer}`],
      }),
    ]);
  });

  it('has none for whom it does not know', async () => {
    const response = await orders(await issuer.token({ sub: 'baeldung', scope: 'order.read' }));
    expect(await response.json()).toMatchObject({ user: 'baeldung', orders: [], askedBy: [] });
  });

  it('takes no token of another domain, whatever it says', async () => {
    const response = await orders(await home.token({ sub: 'b.aeldung', scope: 'order.read' }));
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_token' }),
    ]);
  });

  it('needs the scope order.read', async () => {
    const response = await orders(await issuer.token({ sub: 'b.aeldung', scope: 'order.write' }));
    expect(response.status).toBe(403);
  });
});
