import type { Decision } from './decide.js';
import type { ResourceRegistration } from './policy.js';
import type { ExchangeRequest, VerifiedExchange } from './stages.js';
import type { VerifiedToken } from './verified-token.js';

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
