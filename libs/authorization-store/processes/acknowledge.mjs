/** A process that writes as fast as it can and tells its parent what has been acknowledged, until it is killed. */
import process from 'node:process';
import { openStore } from '@onbehalf/authorization-store';

const [url, key, name] = process.argv.slice(2);
const store = await openStore({ url, encryptionKeys: [key] });
const tokens = store.providerAdapter('RefreshToken');

/** Issues, rotates and records, like a token endpoint that is kept busy. */
async function work(lane) {
  for (let count = 0; ; count += 1) {
    const id = `${name}-${lane}-${count}`;
    await tokens.upsert(id, { jti: id }, 600);
    process.send({ issued: id });
    const { sequence, writer } = await store.audit.append({ type: 'refresh', issuedTokenId: id });
    process.send({ recorded: { sequence, writer, id } });
    if (count % 2 === 0) {
      await tokens.consume(id);
      process.send({ consumed: id });
    }
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => work(lane)));
