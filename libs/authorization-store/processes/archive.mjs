/** A process that archives everything and tells its parent how far it has come, until it is done or killed. */
import process from 'node:process';
import { openStore } from '@onbehalf/authorization-store';

const [url, key, out] = process.argv.slice(2);
const store = await openStore({ url, encryptionKeys: [key], sweepInterval: 0 });
const progress = (step, records) => process.send({ step, records });
await store.audit.archive({ before: Date.now(), out, progress });
await store.close();
process.disconnect();
