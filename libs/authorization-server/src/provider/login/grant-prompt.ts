import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { saveGrant } from '../records/record-consent.js';
import { askedScopes, modeOf, type ConsentOptions } from './consent-prompt.js';

const { Check, Prompt } = interactionPolicy;

export interface GrantOptions extends ConsentOptions {
  readonly config: Pick<ServerConfig, 'clients' | 'lifetimes'>;
}

/** Comes after every question to the user: asks nothing, and saves what they have agreed to. */
export function grantPrompt(options: GrantOptions): interactionPolicy.Prompt {
  const check = new Check('not_granted', 'the grant is not saved', async (ctx: KoaContextWithOIDC) => {
    const { grant, session, client } = ctx.oidc;
    if (!grant || !session || !client) return Check.NO_NEED_TO_PROMPT;
    await saveGrant(ctx, grant, consentOf(ctx, options));
    session.ensureClientContainer(client.clientId);
    session.grantIdFor(client.clientId, grant.jti);
    return Check.NO_NEED_TO_PROMPT;
  });
  return new Prompt({ name: 'grant', requestable: false }, check);
}

function consentOf(ctx: KoaContextWithOIDC, options: GrantOptions) {
  const { refreshToken, consent } = options.config.lifetimes;
  const now = Math.floor(Date.now() / 1000);
  const mode = modeOf(ctx, options);
  const isAsked = ctx.oidc.result?.consent !== undefined || mode === 'asked unless remembered';
  const isRemembered = mode === 'asked unless remembered' || mode === 'not asked';
  return {
    consents: options.consents,
    parties: options.livesOf(ctx),
    kind: !isAsked ? ('operator' as const) : isRemembered ? ('remembered' as const) : ('once' as const),
    asked: askedScopes(ctx),
    grantExpiresAt: now + refreshToken,
    // never before the grants: what counts can be withdrawn
    expiresAt: now + Math.max(consent, refreshToken),
  };
}
