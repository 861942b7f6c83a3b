import { KeyRotation, readServerConfig } from '@onbehalf/authorization-server';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Settings } from '../environment.js';
import { keySchedule } from '../key-schedule.js';
import { runCommand, withStore } from './run-command.js';

/**
 * Rotates the signing keys of all replicas by hand. Without a word, the keys that wait published sign from now on.
 * `list` shows the keys, `remove <kid>` takes one away at once, as in an emergency.
 */
const [word, kid] = process.argv.slice(2);

await runCommand('rotate-keys', (settings) => withStore(settings, (store) => run(settings, store)));

async function run(settings: Settings, store: AuthorizationStore): Promise<void> {
  checkKeysInDatabase(settings);
  const config = readServerConfig(settings.AUTH_SERVER_CONFIG, process.env);
  const rotation = new KeyRotation(store.keys, keySchedule(settings, config));
  if (word === 'list') return list(store);
  if (word !== undefined && (word !== 'remove' || kid === undefined)) {
    throw new ConfigurationError('the command', process.argv.slice(2).join(' '), 'nothing, list, or remove <kid>');
  }
  const steps = kid === undefined ? await rotation.rotate() : await rotation.remove(kid);
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
  for (const { kid, algorithm, state, publishedAt, signingAt, retiredAt } of await keys.list()) {
    const since = { published: publishedAt, signing: signingAt, retired: retiredAt }[state] ?? publishedAt;
    console.log(`${kid}  ${algorithm}  ${state.padEnd(9)}  since ${new Date(since * 1000).toISOString()}`);
  }
}
