import { createPublicKey } from 'node:crypto';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { JWK } from 'jose';
import { VaultError } from './vault-client.js';

/** How versions of a key follow each other. All in seconds. */
export interface TransitSchedule {
  /** How long a version is published before it signs: longer than any guard keeps a key set. */
  readonly publishAhead: number;
  /** How long it stays published after it has signed: longer than anything that it signed is used. */
  readonly retireFor: number;
}

/** A version of a transit key, which is a key pair of its own. */
export interface TransitVersion {
  readonly version: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly publicJwk: JWK;
}

export interface TransitKey {
  readonly algorithm: SigningAlgorithm;
  /** The oldest first. Versions below Vault's `min_decryption_version` are not among them. */
  readonly versions: readonly TransitVersion[];
  /** Vault signs with this version and those after it: its `min_encryption_version`. */
  readonly signsFrom: number;
}

const ALGORITHMS: Readonly<Record<string, SigningAlgorithm>> = {
  'ecdsa-p256': 'ES256',
  'rsa-2048': 'RS256',
  'rsa-3072': 'RS256',
  'rsa-4096': 'RS256',
};

/**
 * What Vault answers of a key: `GET transit/keys/:name`.
 * @throws ConfigurationError for a key of another type
 * @throws VaultError when the answer is not understood
 */
export function readTransitKey(name: string, data: unknown): TransitKey {
  const { type, keys, min_encryption_version: least } = (data ?? {}) as Record<string, unknown>;
  const algorithm = ALGORITHMS[String(type)];
  if (!algorithm) {
    const accepted = 'keys of type ecdsa-p256 (ES256), rsa-2048, rsa-3072 or rsa-4096 (RS256)';
    throw new ConfigurationError('transit keys', `${name} (${String(type)})`, accepted);
  }
  try {
    const versions = Object.entries(keys as object).map(([version, key]) => readVersion(Number(version), key));
    return {
      algorithm,
      versions: versions.toSorted((left, right) => left.version - right.version),
      signsFrom: Number(least ?? 0),
    };
  } catch (error) {
    throw new VaultError('MALFORMED_ANSWER', { cause: error });
  }
}

function readVersion(version: number, key: unknown): TransitVersion {
  const { public_key: pem, creation_time: created } = key as Record<string, string>;
  const createdAt = Date.parse(created ?? '') / 1000;
  if (!Number.isInteger(version) || Number.isNaN(createdAt)) throw new TypeError('not a version of a key');
  return { version, createdAt, publicJwk: createPublicKey(pem ?? '').export({ format: 'jwk' }) };
}

/**
 * The versions that are published now, the one that signs first. Decided by what Vault tells alone, so that all replicas
 * decide alike: a new version is published at once, signs when guards have it, and leaves when nothing lives that it signed.
 * @param now seconds since the epoch
 */
export function publishedVersions(
  { versions, signsFrom }: TransitKey,
  { publishAhead, retireFor }: TransitSchedule,
  now: number,
): readonly TransitVersion[] {
  const takesOverAt = ({ createdAt }: TransitVersion): number => createdAt + publishAhead;
  const allowed = versions.filter(({ version }) => version >= signsFrom);
  // a key that is new, or of which all older versions were taken away, has nothing to wait for
  const signing = allowed.findLast((version) => takesOverAt(version) <= now) ?? allowed[0];
  if (!signing) return [];
  const others = versions.filter((version, index) => {
    if (version.version > signing.version) return true;
    const successor = versions[index + 1];
    return version !== signing && successor !== undefined && takesOverAt(successor) + retireFor > now;
  });
  return [signing, ...others];
}
