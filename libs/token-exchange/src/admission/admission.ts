import type { IssuedToken } from '../issuers/issued-token.js';
import { toRefusal } from '../refusal/exchange-refusal.js';
import type { Permit } from '../decision/decide.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';

/**
 * Asks about a permitted exchange what no rule can, because it takes I/O: whether something is free, or somebody else agrees. Comes
 * after every rule and before anything is used up or issued.
 */
export interface Admission {
  /** Stands in the audit record of what it refuses. */
  readonly name: string;
  /**
   * @returns what it claims for the exchange; `undefined` when there is nothing to claim
   * @throws OAuthError when the exchange is refused; then nothing is claimed
   */
  admit(permit: Permit, exchange: VerifiedExchange): Promise<Claim | undefined>;
  /**
   * Refuses what {@link admit} would, as far as that is known without claiming, using up or asking anybody anything. Explanations ask
   * it. Default: nothing is refused.
   * @throws OAuthError
   */
  judge?(permit: Permit, exchange: VerifiedExchange): Promise<void>;
}

/** What is claimed for one exchange. Exactly one of the two methods is called, unless the process ends before. */
export interface Claim {
  /** The grant that the token ends with, such as what a user has allowed. At most one claim has one. */
  readonly grantId?: string | undefined;
  /** The token does not leave after all. */
  release(): Promise<void>;
  /** The token and its record are durable; it leaves when this resolves. */
  settle(issued: IssuedToken): Promise<void>;
}

/** Asks every admission what it would refuse, in order. @throws ExchangeRefusal of the first that would */
export async function judgeAll(
  admissions: readonly Admission[],
  permit: Permit,
  exchange: VerifiedExchange,
): Promise<void> {
  for (const admission of admissions) {
    try {
      await admission.judge?.(permit, exchange);
    } catch (error) {
      throw toRefusal(admission.name, error);
    }
  }
}

/**
 * Asks every admission, in order.
 * @returns their claims together, which never fail: a claim that cannot be released or settled changes nothing of the outcome
 */
export async function admitAll(
  admissions: readonly Admission[],
  permit: Permit,
  exchange: VerifiedExchange,
): Promise<Claim> {
  const claims: Claim[] = [];
  const all = (work: (claim: Claim) => Promise<void>): Promise<void> =>
    Promise.allSettled(claims.map(work)).then(() => undefined);
  const together: Claim = {
    get grantId() {
      return claims.find((claim) => claim.grantId !== undefined)?.grantId;
    },
    release: () => all((claim) => claim.release()),
    settle: (issued) => all((claim) => claim.settle(issued)),
  };
  for (const admission of admissions) {
    try {
      const claim = await admission.admit(permit, exchange);
      if (claim) claims.push(claim);
    } catch (error) {
      await together.release();
      throw toRefusal(admission.name, error);
    }
  }
  return together;
}
