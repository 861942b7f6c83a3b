import { NotRegistered, readServerConfig, RegistrationsByCommand, type Drift } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Settings } from '../environment.js';
import { features } from '../features.js';
import { expectWords, runCommand, withStore } from './run-command.js';

const HELP = `Tells how the file and what is registered at run time differ, and reaches operators where nobody does over HTTP.

  registrations diff                      the file and the store, where they are two things
  registrations rotate-secret <client>    a new secret, printed once; for operators and Prometheus, too
      --overlap <seconds>                 how long the ones before still hold; a day unless told
  registrations disable <kind> <id>       shuts out a client, user or edge, the last operator included
  registrations enable <kind> <id>        lets in again what was shut out at run time

Run it with the same file as the server. Running replicas follow within two seconds; all of them must be of this version before a
secret is rotated here.

Exit codes: 0 when it is done and diff has found nothing, 1 when diff has found something, 2 when it could not be done.`;

const KINDS = ['client', 'user', 'edge'] as const;
type Kind = (typeof KINDS)[number];
const isKind = (word: string | undefined): word is Kind => KINDS.some((kind) => kind === word);

const LONGEST_OVERLAP = 30 * 24 * 3600;

await runCommand({ name: 'registrations', help: HELP, options: ['overlap'] }, (settings, { words, options }) => {
  const [word, kind, id] = words;
  const accepted =
    'diff, rotate-secret <client>, disable <kind> <id>, enable <kind> <id>, where <kind> is client, user or edge';
  if (word === 'diff' && words.length === 1) return withRegistrations(settings, tellDrift);
  if (word === 'rotate-secret' && kind !== undefined && words.length === 2) {
    return withRegistrations(settings, (all) => rotate(all, kind, overlapOf(options['overlap'])));
  }
  const isSwitch = (word === 'disable' || word === 'enable') && isKind(kind) && id !== undefined && words.length === 3;
  expectWords(words, isSwitch, accepted);
  return withRegistrations(settings, (all) => all.setEnabled(kind as Kind, id!, word === 'enable'));
});

function withRegistrations(
  settings: Settings,
  work: (registrations: RegistrationsByCommand) => Promise<number | void> | number,
): Promise<number | void> {
  const { AUTH_SERVER_CONFIG, ISSUER: issuer } = settings;
  const file = readServerConfig(AUTH_SERVER_CONFIG, process.env, { issuer, sections: features.all });
  return withStore(settings, async ({ registrations: store }) => {
    const registrations = await RegistrationsByCommand.open({ file, store, sections: features.all, issuer });
    try {
      return await work(registrations);
    } catch (error) {
      if (error instanceof NotRegistered) {
        throw new Error('nothing is registered under this id', { cause: error });
      }
      throw error;
    }
  });
}

function tellDrift(registrations: RegistrationsByCommand): number {
  const drift = registrations.drift();
  for (const entry of drift) console.log(`${entry.state.padEnd(9)}  ${entry.kind} ${entry.id}: ${sentenceOf(entry)}`);
  if (drift.length === 0) console.log('the file and the store do not differ');
  return drift.length === 0 ? 0 : 1;
}

function sentenceOf({ state, differs = [], reason }: Drift): string {
  if (reason !== undefined) return reason;
  if (state === 'overruled') return 'it leads to operators, and the file alone tells of it';
  const what = differs.length === 0 ? 'is stored as the file has it' : `differs from the file in ${differs.join(', ')}`;
  return `${what}; edits of the file do not count`;
}

async function rotate(registrations: RegistrationsByCommand, client: string, overlap: number): Promise<void> {
  const { secret, expiresAt } = await registrations.rotateSecret(client, overlap);
  console.log(secret);
  console.error(`the secrets of ${client} from before hold until ${new Date(expiresAt * 1000).toISOString()}`);
}

function overlapOf(given = `${24 * 3600}`): number {
  const overlap = /^\d{1,7}$/.test(given) ? Number(given) : Infinity;
  if (overlap <= LONGEST_OVERLAP) return overlap;
  throw new ConfigurationError('--overlap', given, `whole seconds, up to ${LONGEST_OVERLAP}`);
}
