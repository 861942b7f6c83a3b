/** A process that hands out tokens of linked accounts, whenever its parent asks it to, and says what came of it. */
import process from 'node:process';
import { openStore } from '@onbehalf/authorization-store';
import { systemClock } from '@onbehalf/oauth-protocol';
import { FreshTokens } from '../src/accounts/fresh-tokens.ts';
import { linkedAccountsTable } from '../src/accounts/linked-accounts.table.ts';
import { LinkedAccounts } from '../src/accounts/linked-accounts.ts';
import { Refresh } from '../src/accounts/refresh.ts';
import { ProviderClient } from '../src/providers/provider-client.ts';
import { toProvider } from '../src/providers/to-provider.ts';
import { settingsSchema } from '../src/token-vault.schema.ts';

const [url, key, described] = process.argv.slice(2);
const settings = settingsSchema.parse({ providers: [JSON.parse(described)] });
const store = await openStore({ url, encryptionKeys: [key], sweepInterval: 0, tables: [linkedAccountsTable] });
let drawn = 0;
const randomId = () => `${process.pid}-${(drawn += 1)}`;
const accounts = new LinkedAccounts({ tables: store.table, clock: systemClock, randomId, settings });
const client = new ProviderClient(toProvider(settings.providers[0]), systemClock);
const record = () => Promise.resolve();
const refresh = new Refresh({ accounts, clientOf: () => client, clock: systemClock, record, count: () => undefined });
const tokens = new FreshTokens({ accounts, refresh, clock: systemClock, randomId });

process.on('message', async ({ subject }) => {
  const account = { subject, life: 1, provider: client.provider.name };
  try {
    const { token } = await tokens.find(account, client.provider, (linked) => linked);
    process.send({ token });
  } catch (error) {
    process.send({ error: error.name });
  }
});
process.on('disconnect', () => process.exit());
process.send('ready');
