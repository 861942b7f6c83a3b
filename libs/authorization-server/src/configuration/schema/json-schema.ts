import { z } from 'zod';
import type { ConfigSection } from './config-section.js';
import { configSchemaWith } from './extended-schema.js';

/** The JSON Schema of the configuration file with these sections. */
export function serverConfigJsonSchema(sections: readonly ConfigSection[] = []): object {
  return z.toJSONSchema(configSchemaWith(sections), { io: 'input' });
}
