import type { IssuedTokens, ReplayDetection } from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import type { RevocationEvent } from '../audit/audit-event.js';
import type { SampledRefusals } from '../audit/sampled-refusals.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import type { AllowsOrigin } from '../protocol/cross-origin.js';
import { afterwards, finishWork } from './records/afterwards.js';
import { askForOfflineAccess } from './login/ask-for-offline-access.js';
import { answerErrors } from './answers/answer-errors.js';
import { Entitlements } from '../policy/entitlements.js';
import { answerGrantedScopes } from './tokens/granted-scopes.js';
import { toProviderError } from './answers/provider-error.js';
import { findLoginToken, loginTokens } from './tokens/login-tokens.js';
import { logErrors, type ErrorLog } from './answers/log-errors.js';
import { toProviderConfiguration, type ProviderConfigurationOptions } from './provider-configuration.js';
import { WorkloadAssertions, type TellWorkload } from './clients/workload-assertions.js';
import type { WorkloadIdentities } from './clients/workload-identity.js';
import { spellResources } from './resources/spell-resources.js';
import { ResourceServers } from './resources/resource-servers.js';
import { shareAnswers } from './answers/share-answers.js';
import {
  acceptAnyAssertionAudience,
  acceptAtUserinfo,
  announceGrant,
  changeParameters,
  nameSessions,
  prepareIdTokens,
  replaceReplayDetection,
  replaceSecretComparison,
} from './seam/provider-seam.js';
import { grantEnd, recordIntrospection, recordLogouts } from './records/record-endings.js';
import { recordGrants } from './records/record-grants.js';
import { recordIdToken } from './tokens/record-id-token.js';
import { narrowIntrospection } from './tokens/narrow-introspection.js';
import { answerForms } from './answers/self-submitting.js';
import { answerForStructuredTokens, type OwnTokens } from './tokens/structured-tokens.js';
import { useUpLast } from './tokens/use-up-last.js';

export interface AuthorizationProviderOptions extends ProviderConfigurationOptions {
  readonly tokens: IssuedTokens;
  readonly refusals: SampledRefusals;
  readonly replay: ReplayDetection;
  /** Whether a client authenticates by this secret. */
  readonly acceptsSecret: (clientId: string, secret: string) => boolean;
  /** The clients that authenticate by a token of their platform. */
  readonly workloads: WorkloadIdentities;
  readonly tellWorkload: TellWorkload;
  readonly log: ErrorLog;
  readonly allowsOrigin: AllowsOrigin;
  /** Those that are answered before the provider, which is to know that they are there. */
  readonly grantTypes: readonly string[];
}

/** The certified provider, configured: it does everything of OAuth 2.0 and OpenID Connect but grants of our own. */
export function createProvider(options: AuthorizationProviderOptions, own: TrustedIssuer): Provider {
  const resources = new ResourceServers(options.config);
  const ownTokens = { issuer: own, typeOf: (audience: string) => resources.typeOf(audience) };
  const provider = new Provider(options.issuer, toProviderConfiguration(options, resources));
  // the issuer alone decides which addresses are published, never a Host header
  provider.proxy = true;
  replaceReplayDetection(provider, options.replay);
  const workloads = new WorkloadAssertions(options.workloads, options.acceptsSecret, options.tellWorkload);
  replaceSecretComparison(provider, workloads.accepts);
  changeParameters(provider, (parameters) => {
    spellResources(parameters, (indicator) => resources.spell(indicator));
    workloads.mark(parameters);
  });
  acceptAnyAssertionAudience(provider);
  const { accessToken, refreshGrace } = options.config.lifetimes;
  useUpLast(provider, { check: () => checkSigner(options.keys), refreshGrace });
  prepareIdTokens(provider, recordIdToken(options.tokens, options.lives.lives, accessToken));
  for (const grantType of options.grantTypes) announceGrant(provider, grantType);
  endTokensOfGrants(provider, options.tokens);
  recordLogouts(provider, options.trail);
  logErrors(provider, options.log);
  useMiddleware(provider, options, ownTokens);
  return provider;
}

/** What was issued by a grant ends with it. */
function endTokensOfGrants(provider: Provider, tokens: IssuedTokens): void {
  const endGrant = (ctx: object | undefined, grantId: string, event?: RevocationEvent) =>
    afterwards(ctx, tokens.revokeByGrant(grantId, event));
  provider.on('grant.revoked', (ctx, grantId) => endGrant(ctx, grantId, grantEnd(ctx)));
  provider.on('grant.destroyed', (grant) => endGrant(Provider.ctx, grant.jti));
}

/** From the outermost inwards: what stands first sees the answers of all that follow. */
function useMiddleware(provider: Provider, options: AuthorizationProviderOptions, ownTokens: OwnTokens): void {
  const { tokens, trail, refusals } = options;
  provider.use(shareAnswers(options.allowsOrigin));
  answerErrors(provider, options);
  nameSessions(provider);
  askForOfflineAccess(provider);
  acceptAtUserinfo(provider, findLoginToken(ownTokens, tokens, loginTokens(options)));
  provider.use(recordGrants(trail, refusals));
  provider.use(recordIntrospection({ trail, refusals }));
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next();
    await finishWork(ctx);
  });
  provider.use(answerForms(options.pages));
  provider.use(answerGrantedScopes);
  provider.use(narrowIntrospection(new Entitlements(options.config, options.accounts), options.accounts));
  const known = { ...ownTokens, tokens, representedBy: representedBy(options.config), trail, refusals };
  provider.use(answerForStructuredTokens(known));
}

async function checkSigner(keys: SigningKeys): Promise<void> {
  try {
    await keys.ready();
  } catch (error) {
    throw error instanceof OAuthError ? toProviderError(error) : error;
  }
}

function representedBy({ clients }: ServerConfig): (clientId: string) => readonly string[] {
  return (clientId) => clients.find((client) => client.clientId === clientId)?.represents ?? [];
}
