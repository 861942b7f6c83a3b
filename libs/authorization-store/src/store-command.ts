import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { AuthorizationStore } from './authorization-store.js';
import { archive, type ArchiveCommandOptions } from './commands/archive.js';
import { acknowledgeGap, type AcknowledgeOptions } from './commands/acknowledge-gap.js';
import { verifyArchives } from './commands/verify-archives.js';
import { tellVerification } from './commands/tell-verification.js';
import { openMigrated } from './open-migrated.js';
import { finishMigration, migrate, pendingMigrations, unfinishedMigrations, type StoreOptions } from './open-store.js';

/** What an operator does by hand. */
export const STORE_COMMANDS = [
  'migrate',
  'audit-verify',
  'audit-heads',
  'audit-acknowledge-gap',
  'audit-export',
  'audit-archive',
  'audit-verify-archive',
  'reencrypt',
  'renew-cursors',
] as const;

/** The name of a command on the store. */
export type StoreCommand = (typeof STORE_COMMANDS)[number];

/** Whether a word of the command line names a command on the store. */
export function isStoreCommand(name: string | undefined): name is StoreCommand {
  return STORE_COMMANDS.some((command) => command === name);
}

type Write = (line: string) => void;

/** How a command is run. */
export interface StoreCommandOptions extends StoreOptions, AcknowledgeOptions, ArchiveCommandOptions {
  /** `migrate`: whether the versions before are gone for good. */
  readonly finish?: boolean | undefined;
}

/**
 * Runs a command on the store and writes lines that a script can read.
 * @param options `dryRun`: `migrate`, `audit-acknowledge-gap` and `audit-archive` tell what they would do, and change nothing
 * @returns the exit code: 0 when all is well, 1 when the audit trail is broken, or a dry run has found something to do
 */
export async function storeCommand(name: StoreCommand, options: StoreCommandOptions, write: Write): Promise<number> {
  if (name === 'migrate') return runMigrate(options, write);
  if (name === 'audit-verify-archive') return verifyArchives(options, write);
  const store = await openMigrated(options);
  try {
    return await COMMANDS[name](store, write, options);
  } finally {
    await store.close();
  }
}

async function runMigrate(options: StoreCommandOptions, write: Write): Promise<number> {
  const { url, dryRun = false, finish = false } = options;
  if (dryRun && finish) throw new ConfigurationError('--dry-run', true, 'it without --finish');
  if (dryRun) {
    const pending = await pendingMigrations(url, options);
    write(pending.length > 0 ? `to be applied: ${pending.join(', ')}` : 'the schema is up to date');
    if (pending.length > 0) return 1;
    await tellUnfinished(options, write);
    return 0;
  }
  const applied = await migrate(url, options);
  write(applied.length > 0 ? `applied ${applied.join(', ')}` : 'the schema is up to date');
  if (!finish) {
    await tellUnfinished(options, write);
    return 0;
  }
  const finished = await finishMigration(url, options);
  const restart = 'versions before it start no more; restart the replicas';
  write(finished.length > 0 ? `finished ${finished.join(', ')}: ${restart}` : 'nothing was left to be finished');
  return 0;
}

async function tellUnfinished(options: StoreCommandOptions, write: Write): Promise<void> {
  const unfinished = await unfinishedMigrations(options.url, options);
  if (unfinished.length === 0) return;
  write(`to be finished by --finish once no replica of the version before is left: ${unfinished.join(', ')}`);
}

const COMMANDS: Record<
  Exclude<StoreCommand, 'migrate' | 'audit-verify-archive'>,
  (store: AuthorizationStore, write: Write, options: StoreCommandOptions) => Promise<number>
> = {
  'audit-verify': async ({ audit }, write, { heads, archives }) =>
    (await tellVerification(audit, write, { heads, archives })) ? 0 : 1,
  'audit-heads': async ({ audit }, write) => {
    for (const head of await audit.heads()) write(JSON.stringify(head));
    return 0;
  },
  'audit-acknowledge-gap': ({ audit }, write, options) => acknowledgeGap(audit, options, write),
  'audit-export': async (store, write, { progress }) => {
    for await (const record of store.audit.export()) write(JSON.stringify(record));
    const archived = await store.audit.archivedBefore();
    if (archived) progress?.(`records before ${archived.toISOString()} may be in archives, and are not in this export`);
    return 0;
  },
  'audit-archive': ({ audit }, write, options) => archive(audit, options, write),
  'renew-cursors': async (store, write) => {
    await store.renewCursors();
    write(
      'every cursor that was given before is refused from now on; guards read the revocation feed from its beginning',
    );
    return 0;
  },
  reencrypt: async (store, write) => {
    write(`encrypted ${await store.reencrypt()} values with the current key`);
    return 0;
  },
};
