// #region jest
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startUserService } from './user-service.js';

let service: Awaited<ReturnType<typeof startUserService>>;
beforeAll(async () => {
  service = await startUserService();
});
afterAll(() => service.stop());

test('a user gets messages, and message-service knows for whom it works', async () => {
  const { exchange, messages, message } = service;
  const answer = await message(`Bearer ${await exchange.token({ sub: 'baeldung', scope: 'user.read' })}`);
  expect(await answer.json()).toEqual({ message: 'Hello' });
  expect(exchange.requests).toMatchObject([{ clientId: 'user-service', scopes: ['message.read'], status: 200 }]);
  expect(messages.requests).toMatchObject([{ token: { subject: 'baeldung', actors: [{ sub: 'user-service' }] } }]);
});

test('a user without access is told so', async () => {
  const { exchange, message } = service;
  exchange.rules = [{ target: 'message-service', refuse: 'access_denied' }];
  const answer = await message(`Bearer ${await exchange.token({ sub: 'mallory', scope: 'user.read' })}`);
  expect(answer.status).toBe(403);
});
// #endregion
