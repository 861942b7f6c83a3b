import { KeyRotation, readServerConfig } from '@onbehalf/authorization-server';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Settings } from '../environment.js';
import { features } from '../features.js';
import { keySchedule } from '../key-schedule.js';
import { expectWords, runCommand, withStore } from './run-command.js';

const HELP = `Rotates the signing keys of all replicas by hand.

  rotate-keys                the keys that wait published sign from now on
  rotate-keys list           the keys and their state
  rotate-keys remove <kid>   takes a key away at once, as in an emergency

Running replicas follow within two seconds.

Exit codes: 0 when it is done, 2 when it could not be.`;

await runCommand({ name: 'rotate-keys', help: HELP }, (settings, { words }) => {
  const [word, kid, ...others] = words;
  const known = (word === 'remove' && kid !== undefined) || ((word ?? 'list') === 'list' && kid === undefined);
  expectWords(words, known && others.length === 0, 'nothing, list, or remove <kid>');
  checkKeysInDatabase(settings);
  return withStore(settings, (store) => (word === 'list' ? list(store) : rotate(settings, store, kid)));
});

async function rotate(settings: Settings, store: AuthorizationStore, removed: string | undefined): Promise<void> {
  const config = readServerConfig(settings.AUTH_SERVER_CONFIG, process.env, { sections: features.all });
  const rotation = new KeyRotation(store.keys, keySchedule(settings, config));
  const steps = removed === undefined ? await rotation.rotate() : await rotation.remove(removed);
  for (const { step, kid } of steps) console.log(`${step.padEnd(7)}  ${kid}`);
}

/** The keys of the database are not the ones that sign when others were given. */
function checkKeysInDatabase(settings: Settings): void {
  for (const setting of ['VAULT_TRANSIT_KEYS', 'SIGNING_KEYS_FILE'] as const) {
    const given = settings[setting];
    if (given !== undefined)
      throw new ConfigurationError(setting, given, 'nothing: keys rotate here in the database only');
  }
}

async function list({ keys }: AuthorizationStore): Promise<void> {
  const all = await keys.list();
  if (all.length === 0) console.log('there are no keys yet; the server makes them at its first start');
  for (const { kid, algorithm, state, publishedAt, signingAt, retiredAt } of all) {
    const since = { published: publishedAt, signing: signingAt, retired: retiredAt }[state] ?? publishedAt;
    console.log(`${kid}  ${algorithm}  ${state.padEnd(9)}  since ${new Date(since * 1000).toISOString()}`);
  }
}
