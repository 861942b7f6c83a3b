import type { StandingConsent } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import { OAuthError } from '@onbehalf/oauth-protocol';
import type { Admission, Claim, Permit, VerifiedExchange } from '@onbehalf/token-exchange';
import { isAgent, keyOf, type Access, type AiAgentsSettings } from './ai-agents.schema.js';
import { consentAddress } from './consent-address.js';
import { standingConsents } from './standing-consents.js';

type Parts = Pick<FeatureParts<AiAgentsSettings>, 'consents' | 'lifeOf' | 'state' | 'own' | 'config'>;

/**
 * An agent gets what the user has allowed it, for no longer than that, and while somebody answers for it. The token is issued under the
 * grant of the consent, so that it ends when the user takes the consent back, with all that was exchanged from it.
 */
export class UserConsentAdmission implements Admission {
  readonly name = 'user-consent';
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async admit(permit: Permit, exchange: VerifiedExchange): Promise<Claim | undefined> {
    if (!isAgent(exchange.client)) return undefined;
    const consent = await this.#consent(permit, exchange);
    const nothing = (): Promise<void> => Promise.resolve();
    return { grantId: consent?.grantId, release: nothing, settle: nothing };
  }

  async judge(permit: Permit, exchange: VerifiedExchange): Promise<void> {
    if (isAgent(exchange.client)) await this.#consent(permit, exchange);
  }

  /** @throws OAuthError where the user has not allowed all that is asked */
  async #consent(permit: Permit, { client, subject }: VerifiedExchange): Promise<StandingConsent | undefined> {
    await this.#checkOwner(client.clientId);
    const account = subject.foreign ? undefined : await this.#parts.state.account(permit.subject);
    if (!account) throw denied('An AI agent acts for users of this server only');
    const standing = await this.#standing(permit, client.clientId);
    const lacking = asked(permit).filter((access) => !standing.has(keyOf(access)));
    if (lacking.length > 0) throw this.#interactionRequired(client.clientId, lacking);
    return standing.values().next().value;
  }

  async #checkOwner(agent: string): Promise<void> {
    const { owner } = this.#parts.config().clients.find(({ clientId }) => clientId === agent) ?? {};
    const account = owner === undefined ? undefined : await this.#parts.state.account(owner);
    if (account?.enabled) return;
    throw denied('Nobody answers for the AI agent', `its owner ${owner ?? '(none)'} is not let in`);
  }

  /** What the user allows the agent in their present lives, as long as the token will live. */
  async #standing(permit: Permit, agent: string): Promise<ReadonlyMap<string, StandingConsent>> {
    const life = this.#parts.lifeOf('user', permit.subject) ?? 0;
    const parties = { user: permit.subject, life, agent };
    const counting = await standingConsents(this.#parts, parties, (expiresAt) => expiresAt >= permit.expiresAt);
    return new Map(counting.map((consent) => [keyOf(consent), consent]));
  }

  #interactionRequired(agent: string, lacking: readonly Access[]): OAuthError {
    const scope = [...new Set(lacking.map((access) => access.scope))].join(' ');
    const reason = `not allowed by the user: ${lacking.map((each) => `${each.scope} at ${each.audience}`).join(', ')}`;
    const interactionUri = consentAddress(this.#parts.own.issuer, agent, lacking);
    const parameters = { interaction_uri: interactionUri, scope };
    return new OAuthError('interaction_required', 'The user has not allowed the AI agent to do this', {
      reason,
      parameters,
    });
  }
}

/** RFC 8693 §2.1.1: every scope at every target. */
function asked({ audiences, scopes }: Permit): readonly Access[] {
  return audiences.flatMap((audience) => scopes.map((scope) => ({ audience, scope })));
}

function denied(description: string, reason = description): OAuthError {
  return new OAuthError('access_denied', description, { reason });
}
