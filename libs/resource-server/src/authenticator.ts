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
import { RevocationUnknown } from './revocation/revocation-check.js';

/** Establishes who a request comes from, or refuses it. Knows nothing of routes. */
@Injectable()
export class Authenticator {
  readonly refusals: Refusals;
  readonly #settings: ResourceServerSettings;
  readonly #schemes: readonly ChallengeScheme[];
  readonly #proof: ProofOfPossession;
  /** One verification per request, however many guards ask: a proof of possession is good for one. */
  readonly #verified = new WeakMap<GuardedRequest, Promise<VerifiedAccessToken>>();

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
    const verified = this.#verified.get(request) ?? this.#start(request);
    const token = await verified;
    // a request that lives on, as a connection that a finder gives for one, does not outlive its token
    return this.#hasExpired(token) ? this.#start(request) : token;
  }

  /** The token that this resource server verified for the request; `undefined` when it was not asked to, or refused. */
  async verified(request: GuardedRequest | undefined): Promise<VerifiedAccessToken | undefined> {
    return request && this.#verified.get(request)?.catch(() => undefined);
  }

  /** Headers of every response behind the guard: the nonce for the next proof, where one is demanded. RFC 9449 §8.2. */
  headers(): Readonly<Record<string, string>> {
    const nonce = this.#settings.proof.dpop?.settings.nonces?.current();
    return nonce === undefined ? {} : { 'DPoP-Nonce': nonce };
  }

  /** The refusal of the first requirement that the token does not meet: of the whole service, then of the route. */
  judge(token: VerifiedAccessToken, requirements: readonly Requirement[]): AccessRefused | undefined {
    const { clock, clockTolerance, requirements: always } = this.#settings;
    const context = { refusals: this.refusals, now: clock(), clockTolerance };
    return judge(token, always, context) ?? judge(token, requirements, context);
  }

  #start(request: GuardedRequest): Promise<VerifiedAccessToken> {
    const verified = this.#authenticate(request);
    this.#verified.set(request, verified);
    return verified;
  }

  #hasExpired({ expiresAt }: VerifiedAccessToken): boolean {
    return this.#settings.clock() >= expiresAt + this.#settings.clockTolerance;
  }

  async #authenticate(request: GuardedRequest): Promise<VerifiedAccessToken> {
    const credentials = this.#credentials(request);
    const token = await this.#verify(credentials);
    await this.#proof.check(request, credentials, token);
    await this.#checkRevocation(credentials, token);
    request.auth = token;
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

  async #checkRevocation({ scheme }: Credentials, token: VerifiedAccessToken): Promise<void> {
    try {
      for (const check of this.#settings.revocation) {
        if (await check.isRevoked(token)) throw this.refusals.invalidToken('The token has been revoked', scheme);
      }
    } catch (error) {
      if (error instanceof RevocationUnknown) throw this.refusals.unavailable(error.retryAfter, error);
      throw error;
    }
  }
}
