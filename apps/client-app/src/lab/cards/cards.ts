import { administrativeImpersonation } from './administrative-impersonation.card.js';
import { aiAgent } from './ai-agent.card.js';
import { boundKey } from './bound-key.card.js';
import type { Card } from './card.js';
import { clientCredentials } from './client-credentials.card.js';
import { crossAppAccess } from './cross-app-access.card.js';
import { delegationChain } from './delegation-chain.card.js';
import { actorToken, impersonation, stepUp, trustedIssuer } from './faces.cards.js';
import { headerUser } from './header-user.card.js';
import { customToken, samlAssertion } from './legacy.cards.js';
import { linkedAccount } from './linked-account.card.js';
import { loggedOut } from './logged-out.card.js';
import { noAudience } from './no-audience.card.js';
import { onBehalfOf } from './on-behalf-of.card.js';
import { expired, revoked, sixthLevel, tooMuchScope, wrongClient } from './refused.cards.js';
import { sameToken } from './same-token.card.js';
import { threeOptions } from './three-options.card.js';
import { tokenRelay } from './token-relay.card.js';

/** Everything that the lab can show, one line each, in the order in which it stands on the pages. */
export const CARDS: readonly Card[] = [
  threeOptions,
  sameToken,
  noAudience,
  headerUser,
  clientCredentials,
  tokenRelay,
  onBehalfOf,
  tooMuchScope,
  wrongClient,
  revoked,
  loggedOut,
  expired,
  sixthLevel,
  delegationChain,
  actorToken,
  impersonation,
  administrativeImpersonation,
  trustedIssuer,
  crossAppAccess,
  aiAgent,
  linkedAccount,
  samlAssertion,
  customToken,
  stepUp,
  boundKey,
];
