import type { Decision } from '../decision/decide.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';
import type { ResourceRegistration } from '../policy/policy.js';
import type { ExchangeRequest } from '../request/exchange-request.js';
import type { VerifiedToken } from '../tokens/verified-token.js';

/** How far an exchange came, and what was established on the way. Holds no more than the stages did. */
export interface Progress {
  readonly request?: ExchangeRequest;
  readonly resources?: readonly ResourceRegistration[];
  readonly subject?: VerifiedToken;
  readonly actorToken?: VerifiedToken;
  readonly exchange?: VerifiedExchange;
  readonly decision?: Decision;
}

/** Is told of every stage as it is reached. */
export type ProgressObserver = (reached: Progress) => void;
