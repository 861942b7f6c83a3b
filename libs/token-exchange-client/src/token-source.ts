import { performance } from 'node:perf_hooks';
import { SpanKind } from '@opentelemetry/api';
import { systemClock, TokenType } from '@onbehalf/oauth-protocol';
import type { OtherDomain, OtherDomainParts } from './across/other-domain.js';
import { cacheKey, hashOf, sha256, type Requester } from './cache/cache-key.js';
import type { CacheMetrics } from './cache/cache-metrics.js';
import { createCache } from './cache/create-cache.js';
import type { ExchangeCache, ObtainedToken } from './cache/exchange-cache.js';
import type { Clocks } from './cache/expiry.js';
import { DpopProofs } from './dpop/dpop-proofs.js';
import type { ExchangeParameters, TargetParameters } from './exchange-parameters.js';
import { CircuitBreaker, DEFAULT_BREAKER } from './exchange/circuit-breaker.js';
import { createTokenEndpoint } from './exchange/create-token-endpoint.js';
import { ExchangeRefused } from './tokens/exchange-errors.js';
import type { ExchangedToken } from './tokens/exchanged-token.js';
import type { ServerMetadata } from './exchange/server-metadata.js';
import { toTarget, toTypedToken } from './exchange/to-token-request.js';
import { OutageLog } from './exchange/outage-log.js';
import { TokenRequester } from './exchange/token-requester.js';
import type { TokenRequest, TokenTarget } from './tokens/token-request.js';
import { expiryOf, TypedSubjects } from './exchange/typed-subjects.js';
import { exchangeAttributes, inSpan } from './observability/spans.js';
import type { TokenExchangeOptions } from './options/token-exchange-options.js';
import { validateOptions } from './options/validate-options.js';
import { onbehalf } from './presets/onbehalf.preset.js';
import type { Preset } from './presets/preset.js';
import type { SubjectToken } from './subject-token.js';

/** Milliseconds that an exchange may take unless configured. */
export const DEFAULT_TIMEOUT = 2000;

const SYSTEM_CLOCKS: Clocks = { wall: systemClock, monotonic: () => performance.now() };

/** The token of an actor; the type's default is `…:access_token`. */
export interface ActorToken {
  readonly token: string;
  readonly type?: string;
}

/** Who takes part in an exchange beside the subject, and who waits for it. */
export interface ExchangeParties {
  readonly actor?: ActorToken | undefined;
  /** Where a service of another domain gets its token. */
  readonly domain?: OtherDomain | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why no token can be exchanged at present. */
export interface Outage {
  readonly reason: string;
  /** What the last failure was. */
  readonly cause: string | undefined;
}

/** Tokens from the cache or from the authorization server. */
export class TokenSource {
  readonly clocks: Clocks;
  readonly dpop: DpopProofs | undefined;
  // hidden, because it holds secrets that an inspection would show
  readonly #options: TokenExchangeOptions;
  readonly #preset: Preset;
  readonly #cache: ExchangeCache;
  readonly #requester: TokenRequester;
  readonly #breaker: CircuitBreaker;
  readonly #outages = new OutageLog('The token endpoint');
  readonly #metadata: ServerMetadata;
  readonly #subjects: TypedSubjects;
  #identity: Requester | undefined;

  constructor(options: TokenExchangeOptions) {
    validateOptions(options);
    this.#options = options;
    this.clocks = options.clocks ?? SYSTEM_CLOCKS;
    this.#preset = options.preset ?? onbehalf;
    this.#subjects = new TypedSubjects(this.#preset.subjectTokenType);
    this.dpop = options.dpop && new DpopProofs(options.dpop, this.clocks.wall);
    this.#breaker = new CircuitBreaker({ ...DEFAULT_BREAKER, monotonic: this.clocks.monotonic });
    this.#cache = createCache(options.cache ?? {}, this.clocks);
    const parts = { preset: this.#preset, dpop: this.dpop, clocks: this.clocks };
    const { endpoint, metadata } = createTokenEndpoint(options, parts);
    this.#metadata = metadata;
    const timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.#requester = new TokenRequester({ endpoint, breaker: this.#breaker, timeout, outages: this.#outages });
  }

  get options(): TokenExchangeOptions {
    return this.#options;
  }

  /** What requests in another domain are made with, too. */
  get shared(): OtherDomainParts {
    const { timeout = DEFAULT_TIMEOUT, allowInsecureHttp } = this.#options;
    return { dpop: this.dpop, clocks: this.clocks, timeout, allowInsecureHttp };
  }

  /** @throws ExchangeRefused, ExchangeUnavailable */
  async forSubject(parameters: ExchangeParameters): Promise<ObtainedToken> {
    const { subjectToken, subjectTokenType, subjectExpiresAt, actorToken, tenant, signal } = parameters;
    const subject = { token: subjectToken, type: subjectTokenType, expiresAt: subjectExpiresAt, tenant };
    const actor = actorToken === undefined ? undefined : { token: actorToken, type: parameters.actorTokenType };
    return this.exchange(toTarget(parameters), subject, { actor, signal });
  }

  /** @throws ExchangeRefused, ExchangeUnavailable */
  async exchange(
    target: TokenTarget,
    subject: SubjectToken,
    { actor, domain, signal }: ExchangeParties = {},
  ): Promise<ObtainedToken> {
    const request = {
      ...target,
      subject: this.#subjects.typed(subject),
      actor: actor && toTypedToken(actor.token, actor.type ?? TokenType.AccessToken),
      tenant: subject.tenant ?? this.#options.tenant?.(),
    };
    try {
      return await this.#obtain(request, { expiry: () => expiryOf(subject), domain, signal });
    } catch (error) {
      // a guard's clock tolerance lets tokens in that the authorization server no longer exchanges
      const subjectExpired = error instanceof ExchangeRefused && this.clocks.wall() >= (expiryOf(subject) ?? Infinity);
      throw subjectExpired ? new ExchangeRefused({ ...error, subjectExpired }) : error;
    }
  }

  /** @throws ExchangeRefused, ExchangeUnavailable */
  async forService({ signal, tenant, ...target }: TargetParameters): Promise<ObtainedToken> {
    return this.issue(toTarget(target), { tenant, signal });
  }

  /**
   * A token of the service itself, which has no requested type.
   * @throws ExchangeRefused, ExchangeUnavailable
   */
  async issue(
    target: TokenTarget,
    by: Omit<ExchangeParties, 'actor'> & { tenant?: string } = {},
  ): Promise<ObtainedToken> {
    const { tenant = this.#options.tenant?.(), domain, signal } = by;
    return this.#obtain({ ...target, tenant }, { expiry: () => undefined, domain, signal });
  }

  /** What the server cannot do with exchanges for this target, in one phrase; `undefined` when it can do them. */
  unsupported(target: TokenTarget, withActor: boolean): string | undefined {
    const subject = { token: 'any', type: this.#preset.subjectTokenType };
    const actor = withActor ? { token: 'any', type: TokenType.AccessToken } : undefined;
    return this.#preset.unsupported?.({ ...target, subject, actor });
  }

  /** Why no token can be exchanged at present; `undefined` when nothing speaks against it. */
  async problem(): Promise<Outage | undefined> {
    if (!this.#breaker.available) {
      return { reason: 'the token endpoint is left alone after failures', cause: this.#outages.cause };
    }
    try {
      await this.#metadata.get(AbortSignal.timeout(this.#options.timeout ?? DEFAULT_TIMEOUT));
      return undefined;
    } catch {
      const { cause } = this.#metadata;
      return { reason: 'the metadata of the authorization server is unavailable', cause };
    }
  }

  /** Drops a token that a downstream service refused. */
  evict(obtained: ObtainedToken): Promise<void> {
    return this.#cache.evict(obtained);
  }

  forget(subjectToken: string): Promise<void> {
    return this.#cache.forgetSubject(sha256(subjectToken));
  }

  forgetTenant(tenant: string): Promise<void> {
    return this.#cache.forgetTenant(tenant);
  }

  metrics(): CacheMetrics {
    return this.#cache.metrics();
  }

  async #obtain(
    request: TokenRequest,
    { expiry, domain, signal }: Omit<ExchangeParties, 'actor'> & { readonly expiry: () => number | undefined },
  ): Promise<ObtainedToken> {
    const problem = this.#preset.unsupported?.(request) ?? domain?.unsupported(request);
    if (problem) throw new ExchangeRefused({ error: 'unsupported_request', description: problem, status: 400 });
    const { subject, tenant } = request;
    this.#identity ??= await this.#identify();
    const key = cacheKey(domain ? { ...this.#identity, domain: domain.identity } : this.#identity, request);
    const exchange = { key, subjectExpiresAt: expiry, tenant, subjectHash: subject && hashOf(subject) };
    return inSpan('token exchange', SpanKind.INTERNAL, exchangeAttributes(request, domain?.issuer), async (span) => {
      const obtained = await this.#cache.obtain(exchange, (end) => this.#load(request, end, domain), signal);
      span.setAttribute('onbehalf.cache', obtained.origin);
      const depth = span.isRecording() ? obtained.token.actorDepth : undefined;
      if (depth !== undefined) span.setAttribute('onbehalf.actor_depth', depth);
      return obtained;
    });
  }

  #load(request: TokenRequest, end: AbortSignal, domain: OtherDomain | undefined): Promise<ExchangedToken> {
    const ask = (): Promise<ExchangedToken> => this.#requester.request(request, end);
    if (!domain) return ask();
    return request.subject ? domain.obtain(request, ask, end) : domain.ownToken(request, end);
  }

  async #identify(): Promise<Requester> {
    const { issuer, tokenEndpoint, clientAuthentication } = this.#options;
    return {
      issuer: issuer ?? tokenEndpoint ?? '',
      clientId: clientAuthentication.clientId,
      authenticationMethod: clientAuthentication.method,
      preset: this.#preset.name,
      proofKeys: [
        ...(this.dpop ? [`jkt ${await this.dpop.thumbprint()}`] : []),
        ...(clientAuthentication.method === 'tls_client_auth' ? [`x5c ${clientAuthentication.certificate}`] : []),
      ],
    };
  }
}
