import { createHash } from 'node:crypto';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { ConfigurationError, systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { publishedVersions, readTransitKey, type TransitSchedule, type TransitVersion } from './transit-key.js';
import { VaultClient, VaultError, type VaultConnection } from './vault-client.js';

/** Where the keys are in the transit engine of Vault, and when they sign. */
export interface VaultTransitOptions extends VaultConnection {
  /** Where the transit engine is mounted; `transit` unless told. */
  readonly mount?: string;
  /** Names of transit keys. Of several for one algorithm the first signs. */
  readonly keys: readonly string[];
  readonly schedule: TransitSchedule;
  readonly clock?: Clock;
}

/** The public part of a version of a transit key. */
export interface TransitSigningKey {
  /** RFC 7638 */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: JWK;
}

/** Where the private part of a published key is. */
interface Place {
  readonly name: string;
  readonly version: number;
}

/**
 * Signs with keys of Vault's transit engine: Vault sees a digest, never a token, and nobody sees the private key. Each
 * version of a transit key is a key pair of its own; rotating in Vault is all that is needed, see {@link publishedVersions}.
 */
export class VaultTransitSigner {
  readonly #options: VaultTransitOptions;
  readonly #client: VaultClient;
  readonly #mount: string;
  #places: ReadonlyMap<string, Place> = new Map();

  constructor(options: VaultTransitOptions) {
    this.#options = options;
    this.#client = new VaultClient(options);
    this.#mount = segments(options.mount ?? 'transit');
  }

  /**
   * The keys that are published now; of each algorithm the one that signs comes first.
   * @throws VaultError
   * @throws ConfigurationError for a transit key that cannot sign tokens
   */
  async keys(): Promise<readonly TransitSigningKey[]> {
    const found = (await Promise.all(this.#options.keys.map((name) => this.#read(name)))).flat();
    // what signs is in front, of every name
    const inOrder = [...found.filter(({ signs }) => signs), ...found.filter(({ signs }) => !signs)];
    this.#places = new Map(inOrder.map(({ key, place }) => [key.kid, place]));
    return inOrder.map(({ key }) => key);
  }

  /**
   * The signature as JWS carries it. RFC 7518 §3.3, §3.4.
   * @throws VaultError
   */
  async sign({ kid, algorithm }: TransitSigningKey, data: Uint8Array): Promise<Uint8Array> {
    const place = this.#places.get(kid);
    if (!place) throw new VaultError('KEY_NOT_PUBLISHED');
    const answer = await this.#client.request(`${this.#mount}/sign/${encodeURIComponent(place.name)}`, {
      input: createHash('sha256').update(data).digest('base64'),
      prehashed: true,
      hash_algorithm: 'sha2-256',
      key_version: place.version,
      // R and S one after the other instead of ASN.1
      marshaling_algorithm: 'jws',
      // Vault's own choice for RSA is PSS
      ...(algorithm === 'RS256' && { signature_algorithm: 'pkcs1v15' }),
    });
    return readSignature(answer);
  }

  async #read(name: string): Promise<{ key: TransitSigningKey; place: Place; signs: boolean }[]> {
    const { schedule, clock = systemClock } = this.#options;
    const data = await this.#client
      .request(`${this.#mount}/keys/${encodeURIComponent(name)}`)
      .catch((error: unknown) => {
        if ((error as VaultError).code !== 'HTTP_404') throw error;
        throw new ConfigurationError('transit keys', name, 'names of keys that are in the transit engine');
      });
    const transitKey = readTransitKey(name, data);
    const versions = publishedVersions(transitKey, schedule, clock());
    return Promise.all(
      versions.map(async (version, index) => ({
        key: await toSigningKey(version, transitKey.algorithm),
        place: { name, version: version.version },
        signs: index === 0,
      })),
    );
  }
}

async function toSigningKey({ publicJwk }: TransitVersion, algorithm: SigningAlgorithm): Promise<TransitSigningKey> {
  return { kid: await calculateJwkThumbprint(publicJwk), algorithm, publicJwk };
}

/** `vault:v3:` and the signature. */
function readSignature(data: unknown): Uint8Array {
  const { signature } = (data ?? {}) as { signature?: unknown };
  const [, encoded] = /^vault:v\d+:([A-Za-z0-9_/+=-]+)$/.exec(String(signature)) ?? [];
  if (encoded === undefined) throw new VaultError('MALFORMED_ANSWER');
  return Buffer.from(encoded, 'base64');
}

/** A mount may lie deeper, such as `teams/identity/transit`. */
function segments(mount: string): string {
  return mount.split('/').filter(Boolean).map(encodeURIComponent).join('/');
}
