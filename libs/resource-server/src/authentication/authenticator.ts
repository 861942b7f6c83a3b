import { Inject, Injectable, Optional, type ExecutionContext } from '@nestjs/common';
import {
  KeysUnavailable,
  TokenRejection,
  verifyAccessToken,
  type VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import type { ChallengeScheme } from '@onbehalf/oauth-protocol';
import type { AccessRefused } from '../refusals/access-refused.js';
import { MalformedCredentials, readCredentials, type Credentials } from '../request/credentials.js';
import type { GuardedCall } from '../request/guarded-call.js';
import type { GuardedRequest } from '../request/guarded-request.js';
import { Authenticators, OWNS, type Owns } from './authenticators.js';
import { judge } from './judge.js';
import { ProofOfPossession } from '../proof/proof-of-possession.js';
import { Refusals } from '../refusals/refusals.js';
import type { Requirement } from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from '../settings/resource-server.tokens.js';
import { RevocationUnknown, type RevocationCheck } from '../revocation/revocation-check.js';

/** The verification of one call. */
interface Verification {
  readonly outcome: Promise<VerifiedAccessToken>;
  /** Set when it has succeeded. */
  token?: VerifiedAccessToken;
}

interface Keeping {
  [key: symbol]: Verification | undefined;
}

/** What a connection has proven with the request that opened it. */
interface Proven {
  readonly token: string;
  readonly outcome: Promise<void>;
}

/** Establishes who a call comes from, or refuses it. Knows nothing of routes. */
@Injectable()
export class Authenticator {
  readonly refusals: Refusals;
  /** The controllers that it has for itself; absent for that of the application, which has all others. */
  readonly owns: Owns | undefined;
  readonly #settings: ResourceServerSettings;
  readonly #all: Authenticators<Authenticator>;
  readonly #schemes: readonly ChallengeScheme[];
  readonly #proof: ProofOfPossession;
  /** Where the verification is kept on the owner of a call: a WeakMap of requests would burden the garbage collector. */
  readonly #kept = Symbol('onbehalf:verification');
  readonly #connections = new WeakMap<GuardedRequest, Proven>();

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(Authenticators) all: Authenticators<Authenticator>,
    @Optional() @Inject(OWNS) owns?: Owns,
  ) {
    const dpop = settings.proof.dpop?.settings;
    this.#settings = settings;
    this.#all = all;
    this.owns = owns;
    all.add(this);
    this.#schemes = dpop ? ['Bearer', 'DPoP'] : ['Bearer'];
    this.refusals = new Refusals({
      resourceMetadata: settings.resource?.url,
      dpopAlgorithms: dpop?.algorithms,
      dpopRequired: dpop?.required,
    });
    this.#proof = new ProofOfPossession(settings.proof, this.refusals);
  }

  get audiences(): readonly string[] {
    return this.#settings.audiences;
  }

  /** Whether calls of a controller are for this resource server, and for no other in the application. */
  guards(controller: object): boolean {
    return this.#all.of(controller) === this;
  }

  /** The call of an execution context; `undefined` when it has no request. */
  call(context: ExecutionContext): GuardedCall | undefined {
    return this.#settings.calls.of(context);
  }

  /** The call whose request a guard has found in a way of its own. Without a context nothing is kept beyond the asking. */
  adopt(request: GuardedRequest, context: ExecutionContext | undefined): GuardedCall {
    return context ? this.#settings.calls.adopt(context, request) : { request, owner: {} };
  }

  /**
   * The verified access token of the call; also set as `auth` of an HTTP request.
   * @throws AccessRefused
   */
  async authenticate(call: GuardedCall): Promise<VerifiedAccessToken> {
    // one verification per call, however many guards ask: a proof of possession is good for one
    const { outcome } = keeping(call)[this.#kept] ?? this.#start(call);
    const token = await outcome;
    return this.#hasExpired(token) ? this.#start(call).outcome : token;
  }

  /** The token that this resource server verified for the call; `undefined` when it was not asked to, or refused. */
  verified(call: GuardedCall | undefined): VerifiedAccessToken | undefined {
    return call && keeping(call)[this.#kept]?.token;
  }

  /** The refusal of a call without a token, with the scopes that all of these demand. */
  missing(requirements: readonly Requirement[]): AccessRefused {
    const all = [...this.#settings.requirements, ...requirements];
    return this.refusals.missingToken([...new Set(all.flatMap((one) => (one.kind === 'scopes' ? one.scopes : [])))]);
  }

  /** A refusal that knows nothing of the route, as it is for a route with these demands. */
  forRoute(refusal: AccessRefused, requirements: readonly Requirement[]): AccessRefused {
    return refusal.errorCode === 'missing_token' ? this.missing(requirements) : refusal;
  }

  /** The nonce for the next proof, which goes with every response where one is demanded. RFC 9449 §8.2. */
  nextNonce(): string | undefined {
    return this.#settings.proof.dpop?.settings.nonces?.current();
  }

  /** The refusal of the first requirement that the token does not meet: of the whole service, then of the route. */
  judge(token: VerifiedAccessToken, requirements: readonly Requirement[]): AccessRefused | undefined {
    const { clock, clockTolerance, requirements: always, issuers } = this.#settings;
    if (always.length === 0 && requirements.length === 0) return undefined;
    const rolePaths = issuers.find(({ issuer }) => issuer === token.issuer)?.profile?.roles ?? [];
    const context = { refusals: this.refusals, scheme: schemeOf(token), rolePaths, now: clock(), clockTolerance };
    return judge(token, always, context) ?? judge(token, requirements, context);
  }

  #start(call: GuardedCall): Verification {
    const verification: Verification = { outcome: this.#authenticate(call) };
    keeping(call)[this.#kept] = verification;
    return verification;
  }

  #hasExpired({ expiresAt }: VerifiedAccessToken): boolean {
    return this.#settings.clock() >= expiresAt + this.#settings.clockTolerance;
  }

  async #authenticate(call: GuardedCall): Promise<VerifiedAccessToken> {
    const { request, owner } = call;
    const credentials = this.#credentials(request);
    const token = await this.#verify(credentials);
    // RFC 9068 §4 lets a token have further audiences; what is good at two doors of one process is taken at neither
    const others = this.#all.audiencesBeside(this);
    if (token.audiences.some((audience) => others.includes(audience)))
      throw this.refusals.invalidToken(
        'The token is for another resource server of this application too',
        credentials.scheme,
      );
    const accepts = this.#settings.acceptance.get(token.issuer);
    if (accepts && !(await accepts(token, request))) {
      throw this.refusals.invalidToken('The issuer of the token is not trusted for this request', credentials.scheme);
    }
    await this.#prove(call, credentials, token);
    for (const check of this.#settings.revocation) await this.#checkRevocation(check, credentials, token);
    // a connection has its own life, and socket.io its own `auth` on it
    if (owner === request) request.auth = token;
    const verification = keeping(call)[this.#kept];
    if (verification) verification.token = token;
    return token;
  }

  /** A proof is made for one request: that which opened a connection proves the token of its messages. RFC 9449 §4.2. */
  #prove({ request, owner }: GuardedCall, credentials: Credentials, token: VerifiedAccessToken): Promise<void> {
    const check = (): Promise<void> => this.#proof.check(request, credentials, token);
    if (owner === request) return check();
    const known = this.#connections.get(request);
    if (known?.token === token.token) return known.outcome;
    const outcome = check();
    this.#connections.set(request, { token: token.token, outcome });
    // what failed may be tried again
    outcome.catch(() => this.#connections.delete(request));
    return outcome;
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
      const objection = await check.objection(token);
      if (objection !== undefined) throw this.refusals.invalidToken(objection, scheme);
    } catch (error) {
      if (error instanceof RevocationUnknown) throw this.refusals.unavailable(error.retryAfter, error);
      throw error;
    }
  }
}

function keeping({ owner }: GuardedCall): Keeping {
  return owner as Keeping;
}

// RFC 9449 §7: a DPoP-bound token has come by the DPoP scheme, otherwise it would have been refused
function schemeOf({ claims }: VerifiedAccessToken): ChallengeScheme {
  return claims.cnf !== undefined && Object.hasOwn(claims.cnf as object, 'jkt') ? 'DPoP' : 'Bearer';
}
