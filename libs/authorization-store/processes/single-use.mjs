/**
 * A process that uses what may be used once, many times at the same moment, whenever its parent tells it to, and answers
 * how often it was let through.
 */
import process from 'node:process';
import { AlreadyConsumed, openStore } from '@onbehalf/authorization-store';

const [url, key] = process.argv.slice(2);
const store = await openStore({ url, encryptionKeys: [key], connections: 20 });
const codes = store.providerAdapter('AuthorizationCode');
const tokens = store.providerAdapter('RefreshToken');

async function consume(adapter, id) {
  try {
    await adapter.consume(id);
    return true;
  } catch (error) {
    if (error instanceof AlreadyConsumed) return false;
    throw error;
  }
}

async function successes(times, use) {
  const uses = await Promise.all(Array.from({ length: times }, use));
  return uses.filter(Boolean).length;
}

process.on('message', async ({ round, concurrency }) => {
  const [jti, code, token] = await Promise.all([
    successes(concurrency, () => store.replay.use(`jti-${round}`, Date.now() / 1000 + 600)),
    successes(concurrency, () => consume(codes, `code-${round}`)),
    successes(concurrency, () => consume(tokens, `token-${round}`)),
  ]);
  process.send({ jti, code, token });
});
process.on('disconnect', () => process.exit());
process.send('ready');
