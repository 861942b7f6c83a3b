import type { Card } from './card.js';
import { delegationChain } from './delegation-chain.card.js';
import { sameToken } from './same-token.card.js';

/** Everything that the lab can show, one line each, in the order in which it stands on the pages. */
export const CARDS: readonly Card[] = [sameToken, delegationChain];
