import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import type { ServerConfig } from '../configuration/server-config.schema.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { afterwards, finishAfterwards, type AnyContext } from './afterwards.js';
import { answerFailures, rememberFailures } from './answer-failures.js';
import { answerErrors, toProviderError } from './answer-errors.js';
import { answerRefused } from './answer-own-grants.js';
import type { Grant } from './grant.js';
import { logErrors, type ErrorLog } from './log-errors.js';
import { toProviderConfiguration, type ProviderConfigurationOptions } from './provider-configuration.js';
import {
  checkBeforeUse,
  prepareIdTokens,
  replaceReplayDetection,
  replaceSecretComparison,
  type ReplayDetection,
} from './provider-seam.js';
import { recordIdToken } from './record-id-token.js';
import { registerGrant } from './register-grant.js';
import { answerForStructuredTokens } from './structured-tokens.js';

export interface AuthorizationProviderOptions extends ProviderConfigurationOptions {
  readonly replay: ReplayDetection;
  /** Whether a client authenticates by this secret. */
  readonly acceptsSecret: (clientId: string, secret: string) => boolean;
  readonly log: ErrorLog;
  /** Around every protocol request, the outermost first. */
  readonly middleware: readonly Middleware[];
}

export type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** The certified provider, configured: it does everything of OAuth 2.0 and OpenID Connect but the grants given here. */
export function createProvider(
  options: AuthorizationProviderOptions,
  own: TrustedIssuer,
  grants: readonly Grant[],
): Provider {
  const provider = new Provider(options.issuer, toProviderConfiguration(options));
  // the issuer alone decides which addresses are published, never a Host header
  provider.proxy = true;
  replaceReplayDetection(provider, options.replay);
  replaceSecretComparison(provider, options.acceptsSecret);
  checkBeforeUse(provider, () => checkSigner(options.keys));
  prepareIdTokens(provider, recordIdToken(options.tokens, options.config.lifetimes.accessToken));
  for (const grant of grants) registerGrant(provider, grant);
  const endGrant = (ctx: AnyContext | undefined, grantId: string) =>
    afterwards(ctx, options.tokens.revokeByGrant(grantId));
  provider.on('grant.revoked', endGrant);
  provider.on('grant.destroyed', (grant) => endGrant(Provider.ctx, grant.jti));
  logErrors(provider, options.log);
  rememberFailures(provider);
  for (const middleware of options.middleware) provider.use(middleware);
  provider.use(answerFailures(options.log));
  provider.use(finishAfterwards);
  provider.use(answerErrors);
  provider.use(
    answerForStructuredTokens({ issuer: own, tokens: options.tokens, representedBy: representedBy(options.config) }),
  );
  provider.use(answerRefused);
  return provider;
}

async function checkSigner(keys: SigningKeys): Promise<void> {
  try {
    await keys.ready();
  } catch (error) {
    throw error instanceof OAuthError ? toProviderError(Provider.ctx, error) : error;
  }
}

function representedBy({ clients }: ServerConfig): (clientId: string) => readonly string[] {
  return (clientId) => clients.find((client) => client.clientId === clientId)?.represents ?? [];
}
