import { parseArgs } from 'node:util';
import { serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { features } from '../features.js';

const HELP = `Prints the JSON Schema of the configuration file, for editors; apps/auth-server/auth-server.schema.json holds it.

  config-schema`;

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  process.stdout.write(`${values.help ? HELP : JSON.stringify(serverConfigJsonSchema(features.all), null, 2)}\n`);
} catch (error) {
  process.stderr.write(`config-schema: ${(error as Error).message.split('\n', 1)[0]}\n`);
  process.exitCode = 2;
}
