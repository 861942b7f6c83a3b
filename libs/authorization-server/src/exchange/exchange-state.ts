import type { Account, ExchangeState, TokenStanding } from '@onbehalf/token-exchange';
import type { Accounts } from '../accounts/accounts.js';
import type { IssuedTokens } from '../ports/issued-tokens.js';

/** The state of this server's tokens and accounts, as the engine asks for it. */
export class ServerState implements ExchangeState {
  constructor(
    private readonly issuer: string,
    private readonly tokens: IssuedTokens,
    private readonly accounts: Accounts,
  ) {}

  async token(issuer: string, jwtId: string): Promise<TokenStanding> {
    return issuer === this.issuer ? this.tokens.standing(jwtId) : { revoked: false };
  }

  account(subject: string): Promise<Account | undefined> {
    return Promise.resolve(this.accounts.find(subject));
  }
}
