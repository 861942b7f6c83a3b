import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { OtherDomain } from './across/other-domain.js';
import type { CacheMetrics } from './cache/cache-metrics.js';
import type { ObtainedToken } from './cache/exchange-cache.js';
import { DownstreamAuthorizer } from './downstream/downstream-authorizer.js';
import { DownstreamClient } from './downstream/downstream-client.js';
import { validateDownstream, type DownstreamDefinition } from './downstream/downstream-definition.js';
import type { ExchangeParameters, TargetParameters } from './exchange-parameters.js';
import { CircuitBreaker, DEFAULT_BREAKER } from './exchange/circuit-breaker.js';
import type { ExchangedToken } from './tokens/exchanged-token.js';
import { toTarget } from './exchange/to-token-request.js';
import { clientCertificateAgent } from './exchange/token-endpoint-transport.js';
import { observeCache } from './observability/cache-instruments.js';
import type { TokenExchangeOptions } from './options/token-exchange-options.js';
import { TokenSource } from './token-source.js';
import { TOKEN_EXCHANGE_OPTIONS } from './token-exchange.constants.js';

/** Exchanges tokens at the configured authorization server. RFC 8693. */
@Injectable()
export class TokenExchangeService implements OnModuleDestroy {
  readonly #source: TokenSource;
  readonly #stopObserving: () => void;

  constructor(@Inject(TOKEN_EXCHANGE_OPTIONS) options: TokenExchangeOptions) {
    this.#source = new TokenSource(options);
    this.#stopObserving = observeCache(() => this.#source.metrics());
  }

  /** Called by Nest: the cache is observed no more. */
  onModuleDestroy(): void {
    this.#stopObserving();
  }

  /** Where the clients of this module get their tokens. */
  get source(): TokenSource {
    return this.#source;
  }

  /**
   * One exchange; the answer may come from an earlier one with the same parameters.
   * @throws ExchangeRefused, ExchangeUnavailable
   */
  async exchange(parameters: ExchangeParameters): Promise<ExchangedToken> {
    return (await this.obtain(parameters)).token;
  }

  /** As {@link exchange}, and tells where the token came from. */
  obtain(parameters: ExchangeParameters): Promise<ObtainedToken> {
    return this.#source.forSubject(parameters);
  }

  /**
   * A token of the service itself, by client credentials. RFC 6749 §4.4.
   * @throws ExchangeRefused, ExchangeUnavailable
   */
  async serviceToken(target: TargetParameters): Promise<ExchangedToken> {
    return (await this.#source.forService(target)).token;
  }

  /** Ends the reuse of all that was exchanged for this subject token: on logout, or when it was revoked. */
  forget(subjectToken: string): Promise<void> {
    return this.#source.forget(subjectToken);
  }

  /** Ends the reuse of all that was obtained for a tenant. */
  forgetTenant(tenant: string): Promise<void> {
    return this.#source.forgetTenant(tenant);
  }

  /**
   * A client for a downstream service that is not known to `forFeature`.
   * @throws ConfigurationError at the first mistake
   */
  downstream(definition: DownstreamDefinition): DownstreamClient {
    const { options, shared } = this.#source;
    validateDownstream(definition, options);
    const { across } = definition;
    const domain = across && new OtherDomain(across, shared);
    const target = domain?.targets.user ?? toTarget(definition);
    const problem = this.#source.unsupported(target, definition.actor !== undefined);
    if (problem)
      throw new ConfigurationError(`TokenExchangeModule.forFeature[${definition.name}]`, 'not possible', problem);
    const breaker = new CircuitBreaker({ ...DEFAULT_BREAKER, monotonic: this.#source.clocks.monotonic });
    const authorizer = new DownstreamAuthorizer(this.#source, definition, { domain });
    // RFC 8705 §3: a token bound to the certificate is used with the certificate, which is that of the token's own domain
    const { clientAuthentication } = across ?? options;
    const certified = clientAuthentication.method === 'tls_client_auth';
    return new DownstreamClient(
      authorizer,
      breaker,
      certified ? clientCertificateAgent(clientAuthentication) : undefined,
    );
  }

  /** What the cache of tokens has done since the start, and holds now. */
  cacheMetrics(): CacheMetrics {
    return this.#source.metrics();
  }
}
