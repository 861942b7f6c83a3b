import type { ConsentStore } from '@onbehalf/authorization-ports';
import { GrantType } from '@onbehalf/oauth-protocol';
import { SIGNING_ALGORITHMS } from '@onbehalf/jwt-verification';
import type {
  AccountClaims,
  AdapterConstructor,
  AdapterFactory,
  Client,
  Configuration,
  KoaContextWithOIDC,
} from 'oidc-provider';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import type { Account, KnownAccounts } from '../accounts/accounts.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { OWN_ALGORITHMS } from '../keys/key-set.js';
import type { SigningKeys } from '../keys/signing-keys.js';
import { retryAfterOf, UNAVAILABLE } from '../protocol/outage.js';
import { ROUTES } from '../protocol/routes.js';
import { completeAccessToken } from './tokens/access-token-claims.js';
import type { ClientCertificateReader } from './clients/client-certificate.js';
import { toClientMetadata } from './clients/client-metadata.js';
import type { PartyLives } from './login/consent-prompt.js';
import { loadGrant } from './login/grant-consent.js';
import { livingRecords, type KnownLives } from './tokens/living-records.js';
import { loginTokens } from './tokens/login-tokens.js';
import { loginPolicy } from './login/login-prompt.js';
import { OWN_SCOPES } from '../configuration/own/own-scopes.js';
import { isAskedByClient } from './login/logout-hint.js';
import { toProviderKeys } from './provider-keys.js';
import { endSession } from './seam/request-seam.js';
import type { ProviderPages } from './answers/provider-pages.js';
import { toResourceIndicators, userOf } from './resources/resource-indicators.js';
import { checkAssertion } from './clients/check-assertion.js';
import type { ResourceServers } from './resources/resource-servers.js';

export interface ProviderConfigurationOptions {
  readonly issuer: string;
  readonly config: ServerConfig;
  readonly keys: SigningKeys;
  readonly accounts: KnownAccounts;
  readonly trail: ServerAuditTrail;
  readonly consents: ConsentStore;
  /** Absent: the provider's own, in memory. */
  readonly adapter?: AdapterFactory | AdapterConstructor;
  readonly cookieKeys: readonly string[];
  /** 32 bytes, equal on all replicas. RFC 9449 §8 */
  readonly nonceSecret: Uint8Array;
  readonly certificateOf: ClientCertificateReader;
  readonly pages: ProviderPages;
  /** Where people sign in; `/login` unless told. */
  readonly loginPath?: string | undefined;
  /** Members of the metadata beside those of the provider. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The lives that clients and users lead, for as long as this provider answers. */
  readonly lives: KnownLives;
}

/** The grants that the provider answers itself. */
export const PROVIDED_GRANTS: ReadonlySet<string> = new Set([
  GrantType.AuthorizationCode,
  GrantType.RefreshToken,
  GrantType.ClientCredentials,
]);

const CONFIDENTIAL = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/** How clients authenticate beside the token endpoint, of which the provider says nothing. RFC 8414 §2 */
const ENDPOINT_AUTHENTICATION = {
  revocation_endpoint_auth_methods_supported: [...CONFIDENTIAL, 'none'],
  revocation_endpoint_auth_signing_alg_values_supported: [...SIGNING_ALGORITHMS],
  introspection_endpoint_auth_methods_supported: [...CONFIDENTIAL],
  introspection_endpoint_auth_signing_alg_values_supported: [...SIGNING_ALGORITHMS],
};

/** The configuration of the provider: every choice that it leaves to its operator. */
export function toProviderConfiguration(
  options: ProviderConfigurationOptions,
  resourceServers: ResourceServers,
): Configuration {
  const { config, keys, accounts, pages } = options;
  const { jwks, features } = toProviderKeys(keys.current);
  return {
    adapter: livingRecords(options.adapter, options.lives),
    // the provider leaves it out, which means the same. OpenID Connect Discovery §3
    discovery: { request_parameter_supported: false, ...ENDPOINT_AUTHENTICATION, ...options.metadata },
    clients: config.clients.filter(({ enabled }) => enabled).map(toClientMetadata),
    jwks,
    routes: ROUTES,
    cookies: cookies(options),
    claims: OWN_SCOPES,
    scopes: Object.keys(OWN_SCOPES),
    conformIdTokenClaims: false,
    // OpenID Connect Core §3.1.2.1: redirect_uri is REQUIRED
    allowOmittingSingleRegisteredRedirectUri: false,
    responseTypes: ['code'],
    ttl: lifetimes(config),
    ...logins(options, resourceServers),
    // a session that asks for the refresh grant gets refresh tokens, rotated at every use (RFC 9700 §4.14)
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed(GrantType.RefreshToken),
    rotateRefreshToken: true,
    pkce: { required: () => true },
    renderError: (ctx, out, error) => pages.error(ctx, retryAfterOf(error) === undefined ? out : UNAVAILABLE),
    clientAuthMethods: [...CONFIDENTIAL, 'none'],
    assertJwtClientAuthClaimsAndHeader: checkAssertion(options),
    enabledJWA: {
      idTokenSigningAlgValues: [...OWN_ALGORITHMS],
      clientAuthSigningAlgValues: [...SIGNING_ALGORITHMS],
      dPoPSigningAlgValues: [...SIGNING_ALGORITHMS],
    },
    features: { ...features, ...ownFeatures(options, toResourceIndicators(resourceServers, accounts)) },
  };
}

/** Seconds. */
function lifetimes({ lifetimes: { accessToken, refreshToken, session } }: ServerConfig): Configuration['ttl'] {
  return {
    AccessToken: accessToken,
    ClientCredentials: accessToken,
    IdToken: accessToken,
    RefreshToken: refreshToken,
    Grant: refreshToken,
    Session: session,
    Interaction: 600,
    AuthorizationCode: 60,
  };
}

/** Who may sign in, what a login grants, and what its tokens say. */
function logins(
  options: ProviderConfigurationOptions,
  resourceServers: ResourceServers,
): Pick<Configuration, 'findAccount' | 'loadExistingGrant' | 'formats' | 'interactions'> {
  const { config, accounts, consents, lives, trail } = options;
  const scopesAt = (ctx: KoaContextWithOIDC, indicator: string, client: Client): string[] =>
    resourceServers.scopesAt(indicator, client, userOf(ctx, accounts));
  const kinds = {
    typeOf: (audience: string) => resourceServers.typeOf(audience),
    profileOf: (id: string) => config.clients.find(({ clientId }) => clientId === id)?.subProfile,
  };
  return {
    findAccount: async (_ctx, subject) => {
      await accounts.refresh(subject);
      const account = accounts.active(subject);
      return account && { accountId: subject, claims: () => claimsOf(account) };
    },
    loadExistingGrant: loadGrant(scopesAt),
    formats: { customizers: { jwt: completeAccessToken(trail, lives.lives, loginTokens(options), kinds) } },
    interactions: {
      policy: loginPolicy(accounts, { config, consents, livesOf: livesOf(lives) }),
      url: (_ctx, { prompt, uid }) =>
        `${prompt.name === 'consent' ? '/consent' : (options.loginPath ?? '/login')}/${uid}`,
    },
  };
}

/** What the provider does beside logins and its grants. */
function ownFeatures(
  { config, pages, nonceSecret, certificateOf }: ProviderConfigurationOptions,
  resourceIndicators: ReturnType<typeof toResourceIndicators>,
): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    revocation: { enabled: true },
    resourceIndicators,
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => (isAskedByClient(ctx) ? endSession(ctx) : pages.logout(ctx, form)),
      postLogoutSuccessSource: pages.loggedOut,
    },
    dPoP: { enabled: true, nonceSecret: nonceSecret as Buffer, requireNonce: () => config.dpop.requireNonce },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => certificateOf(ctx.req),
    },
  };
}

/** Of whoever is signed in, and of the client of the request. */
function livesOf({ lives }: KnownLives): PartyLives {
  return ({ oidc: { session, client } }) => ({
    subjectLife: lives.of('user', session?.accountId ?? '') ?? 0,
    clientLife: lives.of('client', client?.clientId ?? '') ?? 0,
  });
}

/** OpenID Connect Core §5.1 */
function claimsOf({ username, name, givenName, familyName, email }: Account): AccountClaims {
  const names = { name, given_name: givenName, family_name: familyName };
  return { sub: username, preferred_username: username, ...names, email };
}

/**
 * Cookies ignore ports, so that the names differ from those of other apps on the host. Browsers take one of these prefixes from
 * this host over https alone, and `__Host-` for all of its paths: no neighbour can plant one. RFC 6265bis §4.1.3
 */
function cookies({ issuer, cookieKeys }: ProviderConfigurationOptions): Configuration['cookies'] {
  const [host, secure] = issuer.startsWith('https:') ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    keys: [...cookieKeys],
    names: {
      session: `${host}auth-server.session`,
      interaction: `${secure}auth-server.login`,
      resume: `${secure}auth-server.resume`,
    },
    long: { httpOnly: true, sameSite: 'lax' },
    short: { httpOnly: true, sameSite: 'lax' },
  };
}
