import { GrantType, OAuthError } from '@onbehalf/oauth-protocol';
import { SIGNING_ALGORITHMS, type TrustedIssuer } from '@onbehalf/jwt-verification';
import {
  Provider,
  errors,
  type AdapterConstructor,
  type AdapterFactory,
  type Configuration,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Accounts } from '../accounts/accounts.js';
import type { ServerConfig } from '../configuration/server-config.schema.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { renderErrorPage, renderLoggedOutPage, renderLogoutPage } from '../pages/provider-pages.js';
import { completeAccessToken } from './access-token-claims.js';
import { answerErrors, rememberRefusal } from './answer-errors.js';
import { clientCertificate } from './client-certificate.js';
import { toClientMetadata } from './client-metadata.js';
import { loadGrant } from './grant-consent.js';
import type { Grant, GrantContext } from './grant.js';
import type { IssuedTokens } from './issued-tokens.js';
import { loginPolicy } from './login-prompt.js';
import { logErrors, type ErrorLog } from './log-errors.js';
import { OWN_SCOPES } from './own-scopes.js';
import { replaceReplayDetection, replaceSecretComparison, type ReplayDetection } from './provider-seam.js';
import { ResourceServers } from './resource-servers.js';
import { answerForStructuredTokens } from './structured-tokens.js';

export interface AuthorizationProviderOptions {
  readonly issuer: string;
  readonly config: ServerConfig;
  readonly keys: SigningKeys;
  readonly accounts: Accounts;
  readonly tokens: IssuedTokens;
  readonly replay: ReplayDetection;
  /** Absent: the provider's own, in memory. */
  readonly adapter?: AdapterFactory | AdapterConstructor;
  readonly cookieKeys: readonly string[];
  /** 32 bytes, equal on all replicas. RFC 9449 §8 */
  readonly nonceSecret: Uint8Array;
  /** The header in which a trusted proxy hands on client certificates. Absent: none is believed. */
  readonly clientCertificateHeader?: string;
  /** Whether a client authenticates by this secret. */
  readonly acceptsSecret: (clientId: string, secret: string) => boolean;
  /** Whether a refresh token or code that a client got at this time (seconds since the epoch) still counts. */
  readonly acceptsGrantOf: (clientId: string, issuedAt: number) => boolean;
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
  const provider = new Provider(options.issuer, toConfiguration(options));
  // the issuer alone decides which addresses are published, never a Host header
  provider.proxy = true;
  replaceReplayDetection(provider, options.replay);
  replaceSecretComparison(provider, options.acceptsSecret);
  for (const grant of grants) register(provider, grant);
  const endGrant = (ctx: AnyContext | undefined, grantId: string) =>
    afterwards(ctx, options.tokens.revokeByGrant(grantId));
  provider.on('grant.revoked', endGrant);
  provider.on('grant.destroyed', (grant) => endGrant(Provider.ctx, grant.jti));
  logErrors(provider, options.log);
  provider.use(finishAfterwards);
  for (const middleware of options.middleware) provider.use(middleware);
  provider.use(answerErrors);
  provider.use(
    answerForStructuredTokens({ issuer: own, tokens: options.tokens, representedBy: representedBy(options.config) }),
  );
  return provider;
}

const ROUTES = {
  authorization: '/oauth2/authorize',
  token: '/oauth2/token',
  jwks: '/oauth2/jwks',
  introspection: '/oauth2/introspect',
  revocation: '/oauth2/revoke',
  pushed_authorization_request: '/oauth2/par',
  userinfo: '/userinfo',
  end_session: '/connect/logout',
};

function toConfiguration(options: AuthorizationProviderOptions): Configuration {
  const { config, keys, accounts, tokens } = options;
  const resourceServers = new ResourceServers(config);
  return {
    adapter: options.adapter,
    clients: config.clients.filter(({ enabled }) => enabled).map(toClientMetadata),
    jwks: keys.privateJwks,
    routes: ROUTES,
    cookies: {
      keys: [...options.cookieKeys],
      names: { session: 'auth-server.session', interaction: 'auth-server.login', resume: 'auth-server.resume' },
      long: { httpOnly: true, sameSite: 'lax' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    claims: OWN_SCOPES,
    scopes: Object.keys(OWN_SCOPES),
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    ttl: {
      AccessToken: config.lifetimes.accessToken,
      ClientCredentials: config.lifetimes.accessToken,
      IdToken: config.lifetimes.accessToken,
      RefreshToken: config.lifetimes.refreshToken,
      Grant: config.lifetimes.refreshToken,
      Session: config.lifetimes.session,
      Interaction: 600,
      AuthorizationCode: 60,
    },
    findAccount: (ctx, subject, token) => {
      const account = accounts.active(subject, token?.iat ?? ctx.oidc.session?.loginTs);
      if (!account || (token?.clientId && !options.acceptsGrantOf(token.clientId, token.iat))) return undefined;
      return { accountId: subject, claims: () => ({ sub: subject, name: account.name, email: account.email }) };
    },
    loadExistingGrant: loadGrant,
    // a session that asks for the refresh grant gets refresh tokens, rotated at every use (RFC 9700 §4.14)
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed(GrantType.RefreshToken),
    rotateRefreshToken: true,
    pkce: { required: () => true },
    formats: { customizers: { jwt: completeAccessToken(tokens) } },
    interactions: { policy: loginPolicy(), url: (_ctx, interaction) => `/login/${interaction.uid}` },
    renderError: renderErrorPage,
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    // RFC 7523bis: the issuer identifier is the only audience of a client assertion
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims) => {
      if (claims.aud !== options.issuer)
        throw new errors.InvalidClientAuth('the audience of the assertion is not the issuer');
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      clientAuthSigningAlgValues: [...SIGNING_ALGORITHMS],
      dPoPSigningAlgValues: [...SIGNING_ALGORITHMS],
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, client, oneOf) => (oneOf ? oneOf[0]! : (resourceServers.defaultFor(client) ?? [])),
        getResourceServerInfo: (_ctx, indicator, client) => resourceServers.info(indicator, client),
        useGrantedResource: () => true,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: renderLogoutPage,
        postLogoutSuccessSource: renderLoggedOutPage,
      },
      dPoP: {
        enabled: true,
        nonceSecret: options.nonceSecret as Buffer,
        requireNonce: () => config.dpop.requireNonce,
      },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => clientCertificate(ctx.req, options.clientCertificateHeader),
      },
    },
  };
}

function representedBy({ clients }: ServerConfig): (clientId: string) => readonly string[] {
  return (clientId) => clients.find((client) => client.clientId === clientId)?.represents ?? [];
}

function register(provider: Provider, grant: Grant): void {
  const handler = async (ctx: GrantContext): Promise<void> => {
    try {
      await grant.handle(ctx);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      rememberRefusal(ctx, error);
      throw new errors.CustomOIDCProviderError(error.code, error.description);
    }
  };
  provider.registerGrantType(grant.grantType, handler, grant.parameters, grant.repeatable);
}

type AnyContext = { state: Record<string, unknown> };

// the provider's events do not wait for their listeners; the answer does
function afterwards(ctx: AnyContext | undefined, work: Promise<unknown>): void {
  work.catch(() => undefined);
  if (ctx) ((ctx.state['afterwards'] ??= []) as Promise<unknown>[]).push(work);
}

async function finishAfterwards(ctx: AnyContext, next: () => Promise<void>): Promise<void> {
  await next();
  await Promise.all((ctx.state['afterwards'] ?? []) as Promise<unknown>[]);
}
