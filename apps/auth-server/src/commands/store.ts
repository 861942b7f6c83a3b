import { isStoreCommand, STORE_COMMANDS, storeCommand } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { storeOptions } from '../environment.js';
import { runCommand } from './run-command.js';

/** What an operator does with the database by hand: `node dist/commands/store.js audit-verify`. */
const [name] = process.argv.slice(2);

await runCommand('store', async (settings) => {
  if (!isStoreCommand(name)) throw new ConfigurationError('the command', name, STORE_COMMANDS.join(', '));
  process.exitCode = await storeCommand(name, storeOptions(settings), (line) => console.log(line));
});
