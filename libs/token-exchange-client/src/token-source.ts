import { performance } from 'node:perf_hooks';
import { SpanKind, type Attributes } from '@opentelemetry/api';
import { formatScope, systemClock, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { cacheKey, sha256, type Requester } from './cache/cache-key.js';
import type { CacheMetrics } from './cache/cache-metrics.js';
import { ExchangeCache, type ObtainedToken } from './cache/exchange-cache.js';
import type { Clocks } from './cache/expiry.js';
import { SharedEntries } from './cache/shared-entries.js';
import { DpopProofs } from './dpop/dpop-proofs.js';
import { CircuitBreaker, DEFAULT_BREAKER } from './exchange/circuit-breaker.js';
import { ExchangeRefused } from './exchange/exchange-errors.js';
import type { ExchangedToken } from './exchange/exchanged-token.js';
import type { ServerMetadata } from './exchange/server-metadata.js';
import { TokenRequester } from './exchange/token-requester.js';
import { asScopes, asSet, type TokenRequest } from './exchange/token-request.js';
import { createTokenEndpoint } from './exchange/create-token-endpoint.js';
import { inSpan } from './observability/spans.js';
import type { TokenExchangeOptions } from './options/token-exchange-options.js';
import { validateOptions } from './options/validate-options.js';
import { onbehalf } from './presets/onbehalf.preset.js';
import type { Preset } from './presets/preset.js';
import type { ExchangeParameters, TargetParameters } from './token-exchange.service.js';

/** Milliseconds that an exchange may take unless configured. */
export const DEFAULT_TIMEOUT = 2000;

const SYSTEM_CLOCKS: Clocks = { wall: systemClock, monotonic: () => performance.now() };

/** Tokens from the cache or from the authorization server. */
export class TokenSource {
  readonly options: TokenExchangeOptions;
  readonly clocks: Clocks;
  readonly dpop: DpopProofs | undefined;
  readonly #preset: Preset;
  readonly #cache: ExchangeCache;
  readonly #requester: TokenRequester;
  readonly #breaker: CircuitBreaker;
  readonly #metadata: ServerMetadata;

  constructor(options: TokenExchangeOptions) {
    validateOptions(options);
    this.options = options;
    this.clocks = options.clocks ?? SYSTEM_CLOCKS;
    this.#preset = options.preset ?? onbehalf;
    this.dpop = options.dpop && new DpopProofs(options.dpop, this.clocks.wall);
    this.#breaker = new CircuitBreaker({ ...DEFAULT_BREAKER, monotonic: this.clocks.monotonic });
    this.#cache = createCache(options, this.clocks);
    const parts = { preset: this.#preset, dpop: this.dpop, clocks: this.clocks };
    const { endpoint, metadata } = createTokenEndpoint(options, parts);
    this.#metadata = metadata;
    this.#requester = new TokenRequester({
      endpoint,
      breaker: this.#breaker,
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
    });
  }

  /** Why no token can be exchanged at present, in one phrase; `undefined` when nothing speaks against it. */
  async problem(): Promise<string | undefined> {
    if (!this.#breaker.available) return 'the token endpoint is left alone after failures';
    try {
      await this.#metadata.get(AbortSignal.timeout(this.options.timeout ?? DEFAULT_TIMEOUT));
      return undefined;
    } catch {
      return 'the metadata of the authorization server is unavailable';
    }
  }

  /** @throws ExchangeRefused, ExchangeUnavailable */
  forSubject(parameters: ExchangeParameters): Promise<ObtainedToken> {
    const { subjectToken, subjectTokenType, actorToken, actorTokenType, requestedTokenType } = parameters;
    const request: TokenRequest = {
      ...this.#target(parameters),
      subject: { token: checkToken(subjectToken), type: subjectTokenType ?? this.#preset.subjectTokenType },
      ...(actorToken !== undefined && {
        actor: { token: checkToken(actorToken), type: actorTokenType ?? TokenType.AccessToken },
      }),
      ...(requestedTokenType && { requestedType: requestedTokenType }),
    };
    return this.#obtain(request, parameters.subjectExpiresAt ?? expiryOf(subjectToken), parameters.signal);
  }

  /** What the server cannot do with exchanges for this target, in one phrase; `undefined` when it can do them. */
  unsupported(
    target: TargetParameters & { readonly requestedTokenType?: string },
    withActor: boolean,
  ): string | undefined {
    const subject = { token: '', type: this.#preset.subjectTokenType };
    const { requestedTokenType: requestedType } = target;
    return this.#preset.unsupported?.({
      ...this.#target(target),
      subject,
      ...(withActor && { actor: subject }),
      ...(requestedType && { requestedType }),
    });
  }

  /** @throws ExchangeRefused, ExchangeUnavailable */
  forService(target: TargetParameters): Promise<ObtainedToken> {
    return this.#obtain(this.#target(target), undefined, target.signal);
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

  async #obtain(request: TokenRequest, subjectExpiresAt?: number, signal?: AbortSignal): Promise<ObtainedToken> {
    const problem = this.#preset.unsupported?.(request);
    if (problem) throw new ExchangeRefused({ error: 'unsupported_request', description: problem, status: 400 });
    const exchange = {
      key: cacheKey(await this.#requesterIdentity(), request),
      subjectExpiresAt,
      tenant: request.tenant,
      ...(request.subject && { subjectHash: sha256(request.subject.token) }),
    };
    return inSpan('token exchange', SpanKind.INTERNAL, spanAttributes(request), async (span) => {
      const load = (aborted: AbortSignal): Promise<ExchangedToken> => this.#requester.request(request, aborted);
      const obtained = await this.#cache.obtain(exchange, load, signal);
      span.setAttribute('onbehalf.cache', obtained.origin);
      const depth = span.isRecording() ? obtained.token.actorDepth : undefined;
      if (depth !== undefined) span.setAttribute('onbehalf.actor_depth', depth);
      return obtained;
    });
  }

  #target({ audience, resource, scope, parameters, tenant }: TargetParameters): TokenRequest {
    const current = tenant ?? this.options.tenant?.();
    return {
      audiences: asSet(audience),
      resources: asSet(resource),
      scopes: asScopes(scope),
      parameters: parameters ?? {},
      ...(current !== undefined && { tenant: current }),
    };
  }

  async #requesterIdentity(): Promise<Requester> {
    const { issuer, tokenEndpoint, clientAuthentication } = this.options;
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

function spanAttributes({ subject, audiences, resources, scopes }: TokenRequest): Attributes {
  return {
    'onbehalf.grant': subject ? 'exchange' : 'client_credentials',
    'onbehalf.audience': [...audiences, ...resources],
    'onbehalf.scope': formatScope(scopes),
  };
}

function createCache({ cache = {} }: TokenExchangeOptions, clocks: Clocks): ExchangeCache {
  const { maxEntries = 10_000, maxBytes = 32 * 1024 * 1024, expirySkew = 10, negativeLifetime = 5 } = cache;
  const shared = cache.shared && new SharedEntries(cache.shared, clocks.wall);
  return new ExchangeCache({ maxEntries, maxBytes, expirySkew, negativeLifetime, clocks, shared });
}

// Unverified, which does no harm: it can only shorten the reuse.
function expiryOf(token: string): number | undefined {
  try {
    return decodeJwt(token).exp;
  } catch {
    return undefined;
  }
}

// RFC 6749 appendix A.12: tokens are visible ASCII
function checkToken(token: string): string {
  if (/^[\x20-\x7e]+$/.test(token)) return token;
  throw new ExchangeRefused({ error: 'invalid_request', description: 'the token is empty or malformed', status: 400 });
}
