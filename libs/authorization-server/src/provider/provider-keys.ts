import { createPublicKey, type KeyObject } from 'node:crypto';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { ExternalSigningKey, type Configuration } from 'oidc-provider';
import { RemoteKey, type SigningKey } from '../keys/signing-key.js';
import { toProviderError } from './answers/provider-error.js';

/** The keys in the words of the provider: those of this process as JWKs, the others as what it asks for each signature. */
export function toProviderKeys(keys: readonly SigningKey[]): Pick<Configuration, 'jwks'> & { features: object } {
  const jwks = { keys: keys.map((key) => (key instanceof RemoteKey ? new ProviderKey(key) : key.privateJwk)) };
  const isRemote = keys.some((key) => key instanceof RemoteKey);
  // an upgrade of the provider that changes this contract stops the start
  return { jwks, features: isRemote ? { externalSigningSupport: { enabled: true, ack: 'experimental-01' } } : {} };
}

/** A key of the provider that signs elsewhere. */
class ProviderKey extends ExternalSigningKey {
  readonly #key: RemoteKey;

  constructor(key: RemoteKey) {
    super();
    this.#key = key;
  }

  override get kid(): string {
    return this.#key.kid;
  }

  override get alg(): string {
    return this.#key.algorithm;
  }

  override keyObject(): KeyObject {
    return createPublicKey({ key: this.#key.publicJwk, format: 'jwk' });
  }

  override async sign(data: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#key.signature(data);
    } catch (error) {
      if (error instanceof OAuthError) throw toProviderError(error);
      throw error;
    }
  }
}
