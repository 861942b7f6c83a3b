// #region node
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startUserService } from './user-service.js';

let service: Awaited<ReturnType<typeof startUserService>>;
before(async () => {
  service = await startUserService();
});
after(() => service.stop());

test('a user gets messages, and message-service knows for whom it works', async () => {
  const { exchange, messages, message } = service;
  const answer = await message(`Bearer ${await exchange.token({ sub: 'baeldung', scope: 'user.read' })}`);
  assert.deepEqual(await answer.json(), { message: 'Hello' });
  assert.equal(exchange.requests.at(-1)?.clientId, 'user-service');
  assert.equal(messages.requests.at(-1)?.token?.subject, 'baeldung');
});
// #endregion
