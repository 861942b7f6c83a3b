import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { loadEnvironment, readEnvironment } from '@onbehalf/service-host';
import { environment, storeOptions, type Settings } from '../environment.js';

/** Runs a command with the settings of the server; what keeps it from running is one line and exit code 1. */
export async function runCommand(name: string, work: (settings: Settings) => Promise<void>): Promise<void> {
  try {
    await work(readEnvironment(environment, loadEnvironment('.env', process.env)));
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

/** Lends the store to `work` and closes it afterwards. */
export async function withStore<Result>(
  settings: Settings,
  work: (store: AuthorizationStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore({ ...storeOptions(settings), sweepInterval: 0 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
