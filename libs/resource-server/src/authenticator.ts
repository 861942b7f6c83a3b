import { Inject, Injectable } from '@nestjs/common';
import {
  KeysUnavailable,
  TokenRejection,
  verifyAccessToken,
  type VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import type { ChallengeScheme } from '@onbehalf/oauth-protocol';
import type { AccessRefused } from './access-refused.js';
import { MalformedCredentials, readCredentials, type Credentials } from './credentials.js';
import type { GuardedRequest } from './guarded-request.js';
import { judge } from './judge.js';
import { ProofOfPossession } from './proof-of-possession.js';
import { Refusals } from './refusals.js';
import type { Requirement } from './requirements.js';
import type { ResourceServerSettings } from './resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from './resource-server.tokens.js';
import { RevocationUnknown, type RevocationCheck } from './revocation/revocation-check.js';

/** The verification of one request. */
interface Verification {
  readonly outcome: Promise<VerifiedAccessToken>;
  /** Set when it has succeeded. */
  token?: VerifiedAccessToken;
}

type Keeping = GuardedRequest & { [key: symbol]: Verification | undefined };

/** Establishes who a request comes from, or refuses it. Knows nothing of routes. */
@Injectable()
export class Authenticator {
  readonly refusals: Refusals;
  readonly #settings: ResourceServerSettings;
  readonly #schemes: readonly ChallengeScheme[];
  readonly #proof: ProofOfPossession;
  /** Where the verification is kept on a request: a WeakMap of requests would burden the garbage collector. */
  readonly #kept = Symbol('onbehalf:verification');

  constructor(@Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings) {
    const dpop = settings.proof.dpop?.settings;
    this.#settings = settings;
    this.#schemes = dpop ? ['Bearer', 'DPoP'] : ['Bearer'];
    this.refusals = new Refusals({
      resourceMetadata: settings.resource?.url,
      dpopAlgorithms: dpop?.algorithms,
      dpopRequired: dpop?.required,
    });
    this.#proof = new ProofOfPossession(settings.proof, this.refusals);
  }

  /**
   * The verified access token of the request; also set as its `auth`.
   * @throws AccessRefused
   */
  async authenticate(request: GuardedRequest): Promise<VerifiedAccessToken> {
    // one verification per request, however many guards ask: a proof of possession is good for one
    const { outcome } = this.#verification(request) ?? this.#start(request);
    const token = await outcome;
    // a request that lives on, as a connection that a finder gives for one, does not outlive its token
    return this.#hasExpired(token) ? this.#start(request).outcome : token;
  }

  /** The token that this resource server verified for the request; `undefined` when it was not asked to, or refused. */
  verified(request: GuardedRequest | undefined): VerifiedAccessToken | undefined {
    return request && this.#verification(request)?.token;
  }

  /** The nonce for the next proof, which goes with every response where one is demanded. RFC 9449 §8.2. */
  nextNonce(): string | undefined {
    return this.#settings.proof.dpop?.settings.nonces?.current();
  }

  /** The refusal of the first requirement that the token does not meet: of the whole service, then of the route. */
  judge(token: VerifiedAccessToken, requirements: readonly Requirement[]): AccessRefused | undefined {
    const { clock, clockTolerance, requirements: always } = this.#settings;
    if (always.length === 0 && requirements.length === 0) return undefined;
    const context = { refusals: this.refusals, scheme: schemeOf(token), now: clock(), clockTolerance };
    return judge(token, always, context) ?? judge(token, requirements, context);
  }

  #verification(request: GuardedRequest): Verification | undefined {
    return (request as Keeping)[this.#kept];
  }

  #start(request: GuardedRequest): Verification {
    const verification: Verification = { outcome: this.#authenticate(request) };
    (request as Keeping)[this.#kept] = verification;
    return verification;
  }

  #hasExpired({ expiresAt }: VerifiedAccessToken): boolean {
    return this.#settings.clock() >= expiresAt + this.#settings.clockTolerance;
  }

  async #authenticate(request: GuardedRequest): Promise<VerifiedAccessToken> {
    const credentials = this.#credentials(request);
    const token = await this.#verify(credentials);
    await this.#proof.check(request, credentials, token);
    for (const check of this.#settings.revocation) await this.#checkRevocation(check, credentials, token);
    request.auth = token;
    const verification = this.#verification(request);
    if (verification) verification.token = token;
    return token;
  }

  #credentials(request: GuardedRequest): Credentials {
    try {
      const credentials = readCredentials(request, this.#schemes);
      if (credentials) return credentials;
    } catch (error) {
      if (error instanceof MalformedCredentials) throw this.refusals.invalidRequest(error.message, error.scheme);
      throw error;
    }
    throw this.refusals.missingToken();
  }

  async #verify({ token, scheme }: Credentials): Promise<VerifiedAccessToken> {
    const verify = (): Promise<VerifiedAccessToken> => verifyAccessToken(token, this.#settings);
    try {
      return await (this.#settings.cache?.get(token, verify) ?? verify());
    } catch (error) {
      if (error instanceof TokenRejection) throw this.refusals.invalidToken(error.message, scheme, error);
      if (error instanceof KeysUnavailable) throw this.refusals.unavailable(error.retryAfter, error);
      throw error;
    }
  }

  async #checkRevocation(check: RevocationCheck, { scheme }: Credentials, token: VerifiedAccessToken): Promise<void> {
    try {
      if (await check.isRevoked(token)) throw this.refusals.invalidToken('The token has been revoked', scheme);
    } catch (error) {
      if (error instanceof RevocationUnknown) throw this.refusals.unavailable(error.retryAfter, error);
      throw error;
    }
  }
}

// RFC 9449 §7: a DPoP-bound token has come by the DPoP scheme, otherwise it would have been refused
function schemeOf({ claims }: VerifiedAccessToken): ChallengeScheme {
  return claims.cnf !== undefined && Object.hasOwn(claims.cnf as object, 'jkt') ? 'DPoP' : 'Bearer';
}
