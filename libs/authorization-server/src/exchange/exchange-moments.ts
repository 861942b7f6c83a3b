import type { IssuedTokens, ReplayDetection } from '@onbehalf/authorization-ports';
import { checkForeignIssuers, type ExchangeMoment } from '@onbehalf/token-exchange';
import type { Accounts } from '../accounts/accounts.js';
import type { LivePolicy } from '../policy/live-policy.js';
import type { Registrations } from '../registrations/live/registrations.js';
import { ServerState } from './exchange-state.js';
import type { ForeignIssuers } from './foreign-issuers.js';

export interface ExchangeMomentsOptions {
  readonly issuer: string;
  readonly registrations: Registrations;
  readonly policy: LivePolicy;
  readonly accounts: Accounts;
  readonly tokens: IssuedTokens;
  readonly replay: ReplayDetection;
  readonly foreignIssuers: ForeignIssuers;
  /** Issuers of features, whose subjects are known here as `iss#sub`. */
  readonly namespaces: readonly string[];
}

/** What exchanges are judged by, made anew with each change of the file and of registrations: no request sees a part of a change. */
export class ExchangeMoments {
  readonly #options: ExchangeMomentsOptions;
  #now: ExchangeMoment;

  /** @throws ConfigurationError for issuers that cannot be told apart from this one, or from each other */
  constructor(options: ExchangeMomentsOptions) {
    const { registrations, issuer } = options;
    this.#options = options;
    this.#now = this.#make();
    registrations.onChanged(() => (this.#now = this.#make()));
    registrations.onTrial(({ config }) => checkForeignIssuers(issuer, config.trustedIssuers));
  }

  /** As of now. */
  readonly now = (): ExchangeMoment => this.#now;

  #make(): ExchangeMoment {
    const { issuer, registrations, policy, accounts, tokens, replay, foreignIssuers, namespaces } = this.#options;
    foreignIssuers.keep(registrations.file);
    const trusted = foreignIssuers.of(registrations.file);
    checkForeignIssuers(issuer, trusted);
    const { onTheWay } = registrations.current;
    const isOperator = (subject: string): boolean => onTheWay.user.has(subject);
    return {
      issuer,
      policy: policy.now,
      state: new ServerState(issuer, tokens, accounts.asOfNow, replay, isOperator),
      foreignIssuers: [...trusted.map((each) => each.issuer), ...namespaces],
      trusted,
    };
  }
}
