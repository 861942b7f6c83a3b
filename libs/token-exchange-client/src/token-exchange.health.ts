import { Inject, Injectable } from '@nestjs/common';
import { TokenExchangeService } from './token-exchange.service.js';

/** What Terminus makes a health answer of. */
export type TokenExchangeHealth = Readonly<
  Record<
    string,
    { readonly status: 'up' | 'down'; readonly reason?: string; readonly cause?: string; readonly cachedTokens: number }
  >
>;

/**
 * Tells whether tokens can be exchanged, from what the last exchanges met; asks nothing of the server but its metadata. For
 * `@nestjs/terminus`: `health.check([() => exchange.check('token-exchange')])`.
 */
@Injectable()
export class TokenExchangeHealthIndicator {
  readonly #service: TokenExchangeService;

  constructor(@Inject(TokenExchangeService) service: TokenExchangeService) {
    this.#service = service;
  }

  /** `up`, or `down` with what stands in the way. Never rejects. */
  async check(key: string): Promise<TokenExchangeHealth> {
    const outage = await this.#service.source.problem();
    const cachedTokens = this.#service.cacheMetrics().entries;
    return { [key]: outage ? { status: 'down', ...outage, cachedTokens } : { status: 'up', cachedTokens } };
  }
}
