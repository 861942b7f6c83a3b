import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  acceptedPassword,
  databasePassword,
  passwordIn,
  POOLINGS,
  type StoreOptions,
} from '@onbehalf/authorization-store';
import { isLoopbackUrl, isSecretFor } from '@onbehalf/oauth-protocol';
import { httpUrl, port, wholeNumber } from '@onbehalf/service-host';
import { z } from 'zod';
import { features } from './features.js';

const bundled = (name: string): string => fileURLToPath(new URL(`../${name}.yaml`, import.meta.url));

/** The path of a file or folder, or the name of one of the files beside this app, such as `spring-article`. */
function toConfigPath(value: string): string {
  const path = isAbsolute(value) ? value : resolve(value);
  return /^[\w-]+$/.test(value) && !existsSync(path) ? bundled(value) : path;
}

/** In the folder of the app, wherever it is started from: what a restart needs. */
const embeddedDatabase = `sqlite:${fileURLToPath(new URL('../var/auth-server.db', import.meta.url))}`;

const seconds = z.coerce.number('whole seconds').int('whole seconds').positive('more than 0 seconds');

const settings = z.object({
  ISSUER: z
    .string()
    .refine(isOrigin, 'an http or https URL of scheme, host and port alone, such as https://login.example')
    .default('http://localhost:9001'),
  AUTH_SERVER_CONFIG: z
    .string()
    .min(1)
    .optional()
    .transform((value) => (value === undefined ? bundled('auth-server') : toConfigPath(value))),
  ADMIN_PORT: port().optional(),
  METRICS_PORT: port().optional(),
  DATABASE_URL: z.string().min(1).default(embeddedDatabase),
  // where it stands, so that it can be read again
  DATABASE_URL_FILE: z.string().optional(),
  DATABASE_PASSWORD: z.string().optional(),
  DATABASE_PASSWORD_FILE: z.string().optional(),
  DATABASE_POOLING: z.enum(POOLINGS, `one of ${POOLINGS.join(', ')}`).default('none'),
  DATABASE_CONNECTIONS: wholeNumber(1000, 'connections').optional(),
  DATABASE_TIMEOUT: wholeNumber(60, 'seconds').optional(),
  SWEEP_INTERVAL: wholeNumber(3600, 'seconds').optional(),
  SWEEP_SHARE: wholeNumber(100, 'percent').optional(),
  MIGRATE_AT_START: z
    .enum(['true', 'false'], 'true or false')
    .default('true')
    .transform((value) => value === 'true'),
  AUDIT_RETENTION: wholeNumber(36_500, 'days').optional(),
  ENCRYPTION_KEYS: z
    .string()
    // also as the file beside a SQLite file has them: one a line
    .transform((keys) => keys.split(/[,\n]/))
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
  VAULT_ADDR: httpUrl()
    .refine((url) => url.startsWith('https:') || isLoopbackUrl(url), 'an https URL, or an http one of this machine')
    .optional(),
  VAULT_TOKEN_FILE: z.string().optional(),
  VAULT_TRANSIT_KEYS: z
    .string()
    .transform((names) => names.split(',').map((name) => name.trim()))
    .optional(),
  VAULT_TRANSIT_MOUNT: z.string().default('transit'),
  VAULT_NAMESPACE: z.string().optional(),
  LEGACY_SERVICE_URL: httpUrl().optional(),
  LEGACY_SERVICE_KEY: z.string().min(16, 'a secret of at least 16 characters').optional(),
  SIGNING_KEYS_FILE: z.string().min(1, 'the path of a JWK Set with private keys for ES256 and RS256').optional(),
  KEY_SIGN_FOR: seconds.default(30 * 24 * 3600),
  KEY_PUBLISH_AHEAD: seconds.default(3600),
  KEY_RETIRE_FOR: seconds.optional(),
});

/** The settings of the authorization server. */
export const environment = settings.superRefine((given, context) => {
  for (const [setting, message] of mistakes(given)) context.addIssue({ code: 'custom', path: [setting], message });
});

type Mistake = readonly [setting: keyof z.output<typeof settings>, accepted: string];

/** What does not go together. */
function mistakes(given: z.output<typeof settings>): Mistake[] {
  const { CLIENT_CERTIFICATE_HEADER, TRUSTED_PROXIES } = given;
  const others = [...mistakesOfKeys(given), ...mistakesOfPassword(given), ...knownToEverybody(given)];
  if (CLIENT_CERTIFICATE_HEADER === undefined || TRUSTED_PROXIES !== undefined) return others;
  return [['CLIENT_CERTIFICATE_HEADER', 'a header only together with TRUSTED_PROXIES'], ...others];
}

/** What ships with the project keeps others out on this machine only. */
function knownToEverybody(given: z.output<typeof settings>): Mistake[] {
  const { ISSUER, DATABASE_URL, DATABASE_PASSWORD = '', NONCE_SECRET = '' } = given;
  const { ENCRYPTION_KEYS = [], COOKIE_KEYS = [] } = given;
  const database = { DATABASE_URL: [passwordIn(DATABASE_URL) ?? ''], DATABASE_PASSWORD: [DATABASE_PASSWORD] };
  const secrets = { ENCRYPTION_KEYS, COOKIE_KEYS, NONCE_SECRET: [NONCE_SECRET], ...database };
  return Object.entries(secrets)
    .filter(([, values]) => !values.every((secret) => isSecretFor(ISSUER, secret)))
    .map(([name]) => [
      name as Mistake[0],
      'secrets of your own: this one ships with the project, and ISSUER is elsewhere',
    ]);
}

function mistakesOfPassword(given: z.output<typeof settings>): Mistake[] {
  const accepted = acceptedPassword(given);
  return accepted === undefined ? [] : [['DATABASE_PASSWORD', accepted]];
}

function mistakesOfKeys(given: z.output<typeof settings>): Mistake[] {
  const { VAULT_ADDR, VAULT_TOKEN_FILE, VAULT_TRANSIT_KEYS, SIGNING_KEYS_FILE } = given;
  if (VAULT_TRANSIT_KEYS === undefined) {
    // never other keys than the ones that were meant
    return VAULT_TOKEN_FILE === undefined
      ? []
      : [['VAULT_TRANSIT_KEYS', 'names of transit keys, because VAULT_TOKEN_FILE is set']];
  }
  if (SIGNING_KEYS_FILE !== undefined) return [['SIGNING_KEYS_FILE', 'nothing, because VAULT_TRANSIT_KEYS is set']];
  return [
    ...(VAULT_ADDR === undefined ? [['VAULT_ADDR', 'the address of the Vault of VAULT_TRANSIT_KEYS'] as const] : []),
    ...(VAULT_TOKEN_FILE === undefined
      ? [['VAULT_TOKEN_FILE', 'the path of a file with the token for the Vault of VAULT_TRANSIT_KEYS'] as const]
      : []),
  ];
}

export type Settings = z.output<typeof environment>;

/** How the store is opened, by the server and by the commands alike. */
export function storeOptions(settings: Settings): StoreOptions {
  const { DATABASE_URL, DATABASE_POOLING, DATABASE_CONNECTIONS, DATABASE_TIMEOUT, SWEEP_SHARE } = settings;
  const { tables, auditFields } = features;
  return {
    url: DATABASE_URL,
    pooling: DATABASE_POOLING,
    connections: DATABASE_CONNECTIONS,
    timeout: DATABASE_TIMEOUT,
    sweepInterval: settings.SWEEP_INTERVAL,
    sweepShare: SWEEP_SHARE === undefined ? undefined : SWEEP_SHARE / 100,
    migrateAtStart: settings.MIGRATE_AT_START,
    password: databasePassword(settings),
    encryptionKeys: settings.ENCRYPTION_KEYS,
    issuer: settings.ISSUER,
    tables,
    auditFields,
  };
}

/** The paths of the protocol begin right behind the issuer, and it is compared character by character. RFC 8414 §2, §3.3 */
function isOrigin(issuer: string): boolean {
  return /^https?:/.test(issuer) && URL.canParse(issuer) && new URL(issuer).origin === issuer;
}
