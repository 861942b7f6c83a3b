import type { ConsentedScope, ConsentStore } from '@onbehalf/authorization-ports';
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { consentMode, type ConsentMode } from '../../consents/consent-mode.js';
import { grantedScopes } from '../records/record-consent.js';
import { wordsOf } from './ask-for-offline-access.js';

const { Check, Prompt } = interactionPolicy;

/** What the consent page shows of a request, kept with it until the user decides. */
export interface AskedConsent {
  readonly scopes: readonly ConsentedScope[];
  /** A yes counts for the requests to come. */
  readonly isRemembered: boolean;
}

/** The lives that the parties of a request lead. */
export type PartyLives = (ctx: KoaContextWithOIDC) => { readonly subjectLife: number; readonly clientLife: number };

export interface ConsentOptions {
  readonly config: Pick<ServerConfig, 'clients'>;
  readonly consents: ConsentStore;
  readonly livesOf: PartyLives;
}

/** When users are asked whether a client may have what it asks for. OpenID Connect Core §3.1.2.4, §11 */
export function consentPrompt(options: ConsentOptions): interactionPolicy.Prompt {
  const prompt = new Prompt(
    { name: 'consent', requestable: true },
    (ctx: KoaContextWithOIDC) => ({ asked: askedConsent(ctx, options) }),
    new Check('not_consented', 'the user has not consented to what is asked for', 'consent_required', (ctx) =>
      mustAsk(ctx, options),
    ),
  );
  // of the provider: prompt=consent, which stands there too for access that outlives the session
  prompt.checks.remove('consent_prompt');
  return prompt;
}

/** How the client of a request comes to consent. */
export function modeOf({ oidc }: KoaContextWithOIDC, { config }: Pick<ConsentOptions, 'config'>): ConsentMode {
  const { client, params } = oidc;
  const registered = config.clients.find(({ clientId }) => clientId === client?.clientId);
  const isOffline = oidc.requestParamOIDCScopes.has('offline_access');
  return consentMode(registered ?? UNKNOWN, String(params?.['redirect_uri']), isOffline);
}

const UNKNOWN = { authentication: 'none', consent: 'always' } as const;

/** What of a request its grant would hold. */
export function askedScopes({ oidc }: KoaContextWithOIDC): readonly ConsentedScope[] {
  const { grant, requestParamScopes, resourceServers } = oidc;
  if (!grant) return [];
  const audienceOf = (indicator: string): string => resourceServers?.[indicator]?.audience ?? indicator;
  return grantedScopes(grant)
    .filter(({ scope, indicator }) => requestParamScopes.has(scope) && (!indicator || resourceServers?.[indicator]))
    .map(({ scope, indicator }) => ({ scope, ...(indicator !== undefined && { audience: audienceOf(indicator) }) }));
}

function askedConsent(ctx: KoaContextWithOIDC, options: ConsentOptions): AskedConsent {
  const mode = modeOf(ctx, options);
  const isRemembered = mode === 'asked unless remembered' || mode === 'not asked';
  return { scopes: askedScopes(ctx), isRemembered };
}

async function mustAsk(ctx: KoaContextWithOIDC, options: ConsentOptions): Promise<boolean> {
  const { result, params, session, client } = ctx.oidc;
  if (result?.consent) return false;
  // the client wants the user to be asked, whatever was said before
  if (wordsOf(params?.['prompt']).includes('consent')) return true;
  const mode = modeOf(ctx, options);
  if (mode === 'not asked') return false;
  if (mode === 'asked each time') return true;
  if (mode === 'asked unless just signed in') return !result?.login;
  const { subjectLife, clientLife } = options.livesOf(ctx);
  const standing = await options.consents.of(session!.accountId!, subjectLife);
  const remembered = standing.filter(
    (each) => each.kind === 'remembered' && each.clientId === client!.clientId && each.clientLife === clientLife,
  );
  return !askedScopes(ctx).every(({ scope, audience }) =>
    remembered.some((each) => each.scope === scope && each.audience === audience),
  );
}
