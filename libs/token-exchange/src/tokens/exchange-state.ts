import type { Account, TokenStanding } from './token-facts.js';

/** State that changes while tokens live, asked at every exchange. */
export interface ExchangeState {
  token(issuer: string, jwtId: string): Promise<TokenStanding>;
  account(subject: string): Promise<Account | undefined>;
}
