import type { IssuedTokens, ReplayDetection } from '@onbehalf/authorization-ports';
import type { Account, ExchangeState, TokenStanding, TokenUse } from '@onbehalf/token-exchange';
import type { KnownAccounts } from '../accounts/accounts.js';

/** Seconds that the clocks of issuers may be behind, and more. */
const CLOCK_TOLERANCE = 60;

/** The state of this server's tokens and accounts, as the engine asks for it. */
export class ServerState implements ExchangeState {
  constructor(
    private readonly issuer: string,
    private readonly tokens: IssuedTokens,
    private readonly accounts: KnownAccounts,
    private readonly replay: ReplayDetection,
    /** Whether a user may hold a scope of operators. */
    private readonly isOperator: (subject: string) => boolean,
  ) {}

  async token(issuer: string, jwtId: string): Promise<TokenStanding> {
    return issuer === this.issuer ? this.tokens.standing(jwtId) : { revoked: false };
  }

  // as long as a clock that is behind may take the token for valid
  use({ issuer, jwtId, expiresAt }: TokenUse): Promise<boolean> {
    return this.replay.use(JSON.stringify(['token', issuer, jwtId]), expiresAt + CLOCK_TOLERANCE);
  }

  async account(subject: string): Promise<Account | undefined> {
    await this.accounts.refresh(subject);
    const account = this.accounts.find(subject);
    // whoever impersonates an operator would be one
    return account && { ...account, protected: account.protected || this.isOperator(subject) };
  }
}
