import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreOptions } from '@onbehalf/authorization-store';
import { z } from 'zod';

const bundled = (name: string): string => fileURLToPath(new URL(`../${name}.yaml`, import.meta.url));

/** A path, or the name of one of the files beside this app, such as `spring-article`. */
function toConfigPath(value: string): string {
  const path = isAbsolute(value) ? value : resolve(value);
  return /^[\w-]+$/.test(value) && !existsSync(path) ? bundled(value) : path;
}

/** In the folder of the app, wherever it is started from: what a restart needs. */
const embeddedDatabase = `sqlite:${fileURLToPath(new URL('../var/auth-server.db', import.meta.url))}`;

const seconds = z.coerce.number().int('whole seconds').positive('more than 0 seconds');

/** The settings of the authorization server. */
export const environment = z.object({
  ISSUER: z
    .url({ protocol: /^https?$/, error: 'an http or https URL without a path' })
    .default('http://localhost:9001'),
  AUTH_SERVER_CONFIG: z.string().min(1).default('auth-server').transform(toConfigPath),
  DATABASE_URL: z.string().min(1).default(embeddedDatabase),
  ENCRYPTION_KEYS: z
    .string()
    .transform((keys) => keys.split(','))
    .optional(),
  COOKIE_KEYS: z
    .string()
    .transform((keys) => keys.split(','))
    .pipe(z.array(z.string().min(32, 'secrets of at least 32 characters, separated by commas')))
    .optional(),
  NONCE_SECRET: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, '32 bytes in hexadecimal')
    .optional(),
  TRUSTED_PROXIES: z
    .string()
    .transform((networks) => networks.split(',').map((network) => network.trim()))
    .optional(),
  CLIENT_CERTIFICATE_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'the name of a header')
    .optional(),
  SIGNING_KEYS_FILE: z.string().min(1, 'the path of a JWK Set with private keys for ES256 and RS256').optional(),
  KEY_SIGN_FOR: seconds.default(30 * 24 * 3600),
  KEY_PUBLISH_AHEAD: seconds.default(3600),
  KEY_RETIRE_FOR: seconds.optional(),
});

export type Settings = z.output<typeof environment>;

/** How the store is opened, by the server and by the commands alike. */
export function storeOptions({ DATABASE_URL, ENCRYPTION_KEYS, ISSUER }: Settings): StoreOptions {
  return { url: DATABASE_URL, encryptionKeys: ENCRYPTION_KEYS, issuer: ISSUER };
}
