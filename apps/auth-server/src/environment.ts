import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const bundled = (name: string): string => fileURLToPath(new URL(`../${name}.yaml`, import.meta.url));

/** A path, or the name of one of the files beside this app, such as `spring-article`. */
function toConfigPath(value: string): string {
  const path = isAbsolute(value) ? value : resolve(value);
  return /^[\w-]+$/.test(value) && !existsSync(path) ? bundled(value) : path;
}

/** The settings of the authorization server. */
export const environment = z.object({
  ISSUER: z
    .url({ protocol: /^https?$/, error: 'an http or https URL without a path' })
    .default('http://localhost:9001'),
  AUTH_SERVER_CONFIG: z.string().min(1).default('auth-server').transform(toConfigPath),
  DATABASE_URL: z.string().min(1).default('sqlite::memory:'),
  COOKIE_KEYS: z
    .string()
    .transform((keys) => keys.split(','))
    .pipe(z.array(z.string().min(32, 'secrets of at least 32 characters, separated by commas')))
    .optional(),
  NONCE_SECRET: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, '32 bytes in hexadecimal')
    .optional(),
  CLIENT_CERTIFICATE_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'the name of a header')
    .optional(),
  SIGNING_KEYS_FILE: z.string().min(1, 'the path of a JWK Set with private keys for ES256 and RS256').optional(),
});

export type Settings = z.output<typeof environment>;
