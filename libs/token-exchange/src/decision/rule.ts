import type { ReadsParameters } from '../request/parameters.js';
import type { Verdict } from './verdict.js';
import type { Limits, VerifiedExchange } from './verified-exchange.js';

/** Judges a verified exchange: denies it, narrows its limits, or lets it pass. Does no I/O and cannot widen. */
export interface Rule extends ReadsParameters {
  /** Stands in the audit record and in explanations. */
  readonly name: string;
  /** Denies the exchange, narrows its limits, or answers with nothing and lets it pass. */
  judge(exchange: VerifiedExchange, limits: Limits): Verdict;
}
