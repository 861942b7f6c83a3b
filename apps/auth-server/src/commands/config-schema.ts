import { serverConfigJsonSchema } from '@onbehalf/authorization-server';

/** Prints the JSON Schema of the configuration file, for editors. */
process.stdout.write(`${JSON.stringify(serverConfigJsonSchema(), null, 2)}\n`);
