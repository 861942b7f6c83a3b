import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import {
  KeyRotation,
  SigningKeys,
  StoredSigningKeys,
  type AuthorizationServerOptions,
  type ServerConfig,
} from '@onbehalf/authorization-server';
import { SealBroken, type AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { JSONWebKeySet } from 'jose';
import type { Settings } from './environment.js';
import { keySchedule } from './key-schedule.js';
import { keysInVault } from './keys-in-vault.js';

type Secrets = Pick<AuthorizationServerOptions, 'keys' | 'cookieKeys' | 'nonceSecret'>;

/**
 * What the server signs with: given by the environment, otherwise kept in the store, where all replicas have the same.
 * @throws ConfigurationError for keys that cannot be read
 */
export async function serverSecrets(
  settings: Settings,
  config: ServerConfig,
  store: AuthorizationStore,
): Promise<Secrets> {
  try {
    return {
      keys: await signingKeys(settings, config, store),
      cookieKeys: settings.COOKIE_KEYS ?? [await sharedSecret(store, 'cookie-key')],
      nonceSecret: Buffer.from(settings.NONCE_SECRET ?? (await sharedSecret(store, 'nonce-secret')), 'hex'),
    };
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    throw new ConfigurationError('ENCRYPTION_KEYS', '(hidden)', 'the keys with which this database was encrypted');
  }
}

function sharedSecret({ secrets }: AuthorizationStore, name: string): Promise<string> {
  return secrets.get(name, () => randomBytes(32).toString('hex'));
}

async function signingKeys(
  settings: Settings,
  config: ServerConfig,
  { keys }: AuthorizationStore,
): Promise<SigningKeys> {
  if (settings.VAULT_TRANSIT_KEYS !== undefined) return keysInVault(settings, keySchedule(settings, config));
  if (settings.SIGNING_KEYS_FILE !== undefined) return keysFromFile(settings.SIGNING_KEYS_FILE);
  const log = new Logger('SigningKeys');
  return StoredSigningKeys.open({
    store: keys,
    rotation: new KeyRotation(keys, keySchedule(settings, config)),
    onSteps: (steps) => steps.forEach((step) => log.log(step)),
    onFailure: (error) => log.warn({ reason: (error as Error).message }),
  });
}

async function keysFromFile(path: string): Promise<SigningKeys> {
  try {
    return await SigningKeys.of(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError('SIGNING_KEYS_FILE', path, 'a readable JWK Set with private keys for ES256 and RS256');
  }
}
