import { administrativeImpersonation } from './faces/administrative-impersonation.card.js';
import { aiAgent } from './faces/ai-agent.card.js';
import { boundKey } from './faces/bound-key.card.js';
import type { Card } from './card.js';
import { clientCredentials } from './failures/client-credentials.card.js';
import { crossAppAccess } from './faces/cross-app-access.card.js';
import { delegationChain } from './faces/delegation-chain.card.js';
import { actorToken, impersonation, stepUp, trustedIssuer } from './faces/faces.cards.js';
import { headerUser } from './failures/header-user.card.js';
import { customToken, samlAssertion } from './faces/legacy.cards.js';
import { linkedAccount } from './faces/linked-account.card.js';
import { loggedOut } from './failures/logged-out.card.js';
import { noAudience } from './failures/no-audience.card.js';
import { onBehalfOf } from './failures/on-behalf-of.card.js';
import { expired, revoked, sixthLevel, tooMuchScope, wrongClient } from './failures/refused.cards.js';
import { sameToken } from './failures/same-token.card.js';
import { threeOptions } from './failures/three-options.card.js';
import { tokenRelay } from './failures/token-relay.card.js';

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
