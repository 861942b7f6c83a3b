import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import type { ExchangeState } from './exchange-state.js';
import type { TokenUse } from './token-facts.js';

/**
 * Uses up the tokens that are accepted once.
 * @throws ExchangeRefusal when one was used before
 */
export async function useUp(state: ExchangeState, tokens: readonly TokenUse[]): Promise<void> {
  for (const token of tokens) {
    if (await state.use(token)) continue;
    const detail = { reason: `${token.jwtId} of ${token.issuer} was used before` };
    throw new ExchangeRefusal('single-use', 'invalid_request', 'A token that is accepted once was used before', detail);
  }
}
