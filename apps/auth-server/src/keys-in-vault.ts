import { Logger } from '@nestjs/common';
import { RemoteSigningKeys, SignerUnavailable, type SigningKeys } from '@onbehalf/authorization-server';
import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';
import { VaultTransitSigner, type TransitSchedule } from '@onbehalf/vault-signer';
import type { Settings } from './environment.js';
import { failureCode } from './failure-code.js';

/** Bytes. */
const LARGEST = 64 * 1024;

/**
 * Signing keys that stay in Vault.
 * @throws ConfigurationError when they cannot be had
 */
export async function keysInVault(settings: Settings, schedule: TransitSchedule): Promise<SigningKeys> {
  const { VAULT_ADDR: address = '', VAULT_TRANSIT_MOUNT: mount, VAULT_NAMESPACE: namespace } = settings;
  const { VAULT_TOKEN_FILE: tokenFile = '', VAULT_TRANSIT_KEYS: keys = [] } = settings;
  const log = new Logger('SigningKeys');
  const token = (): Promise<string> => new Promise((resolve) => resolve(readToken(tokenFile)));
  const signer = new VaultTransitSigner({ address, mount, namespace, keys, schedule, token });
  try {
    return await RemoteSigningKeys.open({
      signer,
      onChanged: (published) => log.log({ published: published.map(({ kid }) => kid) }),
      onFailure: (error) => log.warn({ reason: (error as { reason?: string }).reason ?? (error as Error).message }),
    });
  } catch (error) {
    throw inSettings(error, settings);
  }
}

/** Read again whenever Vault refuses the one at hand: whoever renews it writes it there. */
function readToken(path: string): string {
  const accepted = 'a readable file with a token of Vault';
  try {
    const token = readSmallFile(path, LARGEST).toString().trim();
    if (token !== '') return token;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError('VAULT_TOKEN_FILE', path, `${accepted} (${code})`);
  }
  throw new ConfigurationError('VAULT_TOKEN_FILE', path, accepted);
}

function inSettings(error: unknown, { VAULT_ADDR }: Settings): unknown {
  if (error instanceof SignerUnavailable) {
    return new ConfigurationError('VAULT_ADDR', VAULT_ADDR, `a Vault that answers${failureCode(error)}`);
  }
  if (!(error instanceof ConfigurationError) || error.setting === 'VAULT_TOKEN_FILE') return error;
  return new ConfigurationError('VAULT_TRANSIT_KEYS', error.given, error.accepted);
}
