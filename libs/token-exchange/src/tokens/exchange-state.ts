import type { Account, TokenStanding, TokenUse } from './token-facts.js';

/** State that changes while tokens live, asked at every exchange. */
export interface ExchangeState {
  /** What is known of a token beside what it says, such as whether it is revoked. */
  token(issuer: string, jwtId: string): Promise<TokenStanding>;
  /** The account of a subject; `undefined` when this server has none. */
  account(subject: string): Promise<Account | undefined>;
  /**
   * Uses a token up, atomically, for all replicas together.
   * @returns whether this was the first use
   */
  use(token: TokenUse): Promise<boolean>;
}
