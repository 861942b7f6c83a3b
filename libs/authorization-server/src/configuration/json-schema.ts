import { z } from 'zod';
import { serverConfigSchema } from './server-config.schema.js';

/** The JSON Schema of the configuration file. */
export function serverConfigJsonSchema(): object {
  return z.toJSONSchema(serverConfigSchema, { io: 'input' });
}
