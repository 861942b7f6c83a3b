import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';
import { createHash } from 'node:crypto';
import type { GuardedRequest } from '../request/guarded-request.js';
import type { DpopNonces } from './dpop-nonces.js';
import { InvalidDpopProof, verifyDpopProof, type DpopProof } from './dpop-proof.js';
import type { ReplayStore } from './replay-store.js';

/** How proofs are judged. */
export interface DpopSettings {
  /** What clients see in place of this server's root, without a slash at the end. */
  readonly baseUrls: readonly string[];
  readonly algorithms: readonly SigningAlgorithm[];
  /** Whether a token without binding is refused. */
  readonly required: boolean;
  readonly maxAge: number;
  readonly replay: ReplayStore;
  readonly nonces?: DpopNonces;
}

/** The proof lacks a nonce of ours. RFC 9449 §9. */
export class DpopNonceRequired extends Error {
  constructor(readonly nonce: string) {
    super('The DPoP proof needs a nonce');
    this.name = 'DpopNonceRequired';
  }
}

/** Judges the proofs that come with requests. RFC 9449 §4.3, §7. */
export class Dpop {
  readonly settings: DpopSettings;
  readonly #clock: Clock;
  readonly #clockTolerance: number;

  constructor(settings: DpopSettings, clock: Clock, clockTolerance: number) {
    this.settings = settings;
    this.#clock = clock;
    this.#clockTolerance = clockTolerance;
  }

  /**
   * Whether the request proves possession of this key for this access token. A proof by another key is not remembered: anybody
   * can make those.
   * @param jkt thumbprint of the key
   * @throws InvalidDpopProof, DpopNonceRequired, ReplayStoreFull, or what the replay store throws
   */
  async proves(request: GuardedRequest, accessToken: string, jkt: string): Promise<boolean> {
    const proof = await this.#verify(readProof(request), request, accessToken);
    const { nonces, replay, maxAge } = this.settings;
    if (nonces && !nonces.accepts(proof.nonce)) throw new DpopNonceRequired(nonces.current());
    if (proof.jkt !== jkt) return false;
    // RFC 9449 §11.1: the jti is unique within the key; hashed, so that a store holds bounded keys
    const id = createHash('sha256')
      .update(JSON.stringify([jkt, proof.jti]))
      .digest('base64url');
    if (!(await replay.firstUse(id, proof.iat + maxAge + this.#clockTolerance, jkt))) {
      throw new InvalidDpopProof('The DPoP proof has been used before');
    }
    return true;
  }

  async #verify(proof: string, request: GuardedRequest, accessToken: string): Promise<DpopProof> {
    const { algorithms, maxAge, baseUrls } = this.settings;
    const path = pathOf(request.originalUrl ?? request.url ?? '/');
    const method = request.method ?? '';
    const shared = {
      method,
      accessToken,
      algorithms,
      maxAge,
      now: this.#clock(),
      clockTolerance: this.#clockTolerance,
    };
    const failures: unknown[] = [];
    for (const baseUrl of baseUrls) {
      try {
        return await verifyDpopProof(proof, { ...shared, url: baseUrl + path });
      } catch (error) {
        failures.push(error);
      }
    }
    throw failures[0];
  }
}

/** A proxy, or a client that takes this server for one, names the target in absolute form. RFC 9112 §3.2.2. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) throw new InvalidDpopProof('The DPoP proof cannot be for this request target');
  const { pathname, search } = new URL(target);
  return pathname + search;
}

// RFC 9449 §4.3 (1): there is not more than one DPoP HTTP request header field
function readProof(request: GuardedRequest): string {
  const value = request.headers['dpop'];
  if (typeof value !== 'string' || value === '') throw new InvalidDpopProof('A DPoP proof is required');
  // Node joins repeated fields with a comma, which a JWT cannot hold
  if (value.includes(',')) throw new InvalidDpopProof('The DPoP header must not be repeated');
  return value;
}
