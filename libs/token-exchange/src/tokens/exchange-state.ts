import type { Account, TokenStanding, TokenUse } from './token-facts.js';

/** State that changes while tokens live, asked at every exchange. */
export interface ExchangeState {
  token(issuer: string, jwtId: string): Promise<TokenStanding>;
  account(subject: string): Promise<Account | undefined>;
  /**
   * Uses a token up, atomically, for all replicas together.
   * @returns whether this was the first use
   */
  use(token: TokenUse): Promise<boolean>;
}
