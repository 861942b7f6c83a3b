import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import {
  KeyRotation,
  StoredSigningKeys,
  type AuthorizationServerOptions,
  type Beside,
  type ServerConfig,
  type SigningKeys,
} from '@onbehalf/authorization-server';
import { SealBroken, type AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Settings } from './environment.js';
import { keySchedule } from './key-schedule.js';
import { KeysInFile } from './keys-in-file.js';
import { keysInVault } from './keys-in-vault.js';

type Secrets = Pick<AuthorizationServerOptions, 'keys' | 'cookieKeys' | 'nonceSecret'>;

/** Signing keys, and what reads them again where a reload can. */
interface Keys {
  readonly keys: SigningKeys;
  readonly readAgain?: () => Promise<Beside>;
}

/** Secrets for the server, and what reads them again. */
export interface ServerSecrets {
  readonly secrets: Secrets;
  /** Absent: nothing of them can change before a restart, or they are followed by themselves. */
  readonly readAgain?: () => Promise<Beside>;
}

/**
 * What the server signs with: given by the environment, otherwise kept in the store, where all replicas have the same.
 * @throws ConfigurationError for keys that cannot be read
 */
export async function serverSecrets(
  settings: Settings,
  config: ServerConfig,
  store: AuthorizationStore,
): Promise<ServerSecrets> {
  try {
    const { keys, ...again } = await signingKeys(settings, config, store);
    const cookieKeys = settings.COOKIE_KEYS ?? [await sharedSecret(store, 'cookie-key')];
    const nonceSecret = Buffer.from(settings.NONCE_SECRET ?? (await sharedSecret(store, 'nonce-secret')), 'hex');
    return { secrets: { keys, cookieKeys, nonceSecret }, ...again };
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw new ConfigurationError('ENCRYPTION_KEYS', '(hidden)', 'the keys with which this database was encrypted');
  }
}

function sharedSecret({ secrets }: AuthorizationStore, name: string): Promise<string> {
  return secrets.get(name, () => randomBytes(32).toString('hex'));
}

async function signingKeys(settings: Settings, config: ServerConfig, { keys }: AuthorizationStore): Promise<Keys> {
  const schedule = keySchedule(settings, config);
  if (settings.VAULT_TRANSIT_KEYS !== undefined) return { keys: await keysInVault(settings, schedule) };
  if (settings.SIGNING_KEYS_FILE !== undefined) {
    const file = await KeysInFile.open(settings.SIGNING_KEYS_FILE, schedule);
    return { keys: file.keys, readAgain: () => file.readAgain() };
  }
  const log = new Logger('SigningKeys');
  const stored = await StoredSigningKeys.open({
    store: keys,
    rotation: new KeyRotation(keys, schedule),
    onSteps: (steps) => steps.forEach((step) => log.log(step)),
    onFailure: (error) => log.warn({ reason: (error as Error).message }),
  });
  return { keys: stored };
}
