import { once } from 'node:events';
import { createServer } from 'node:http';
import { jest } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { freePort } from '@onbehalf/testing-internal';
import { Provider, type ClientMetadata, type KoaContextWithOIDC } from 'oidc-provider';

/** A real OpenID provider at which everybody is signed in as baeldung at once. */
export class TestProvider {
  readonly issuer: string;
  firstTokenLifetime = 3600;
  firstIdTokenLifetime = 3600;
  refuseRefresh = false;
  /** Whether its metadata tells that it does. */
  issuesIdJags = true;
  /** How it answers exchanges, and what was asked of it. */
  exchanging: (asked: Record<string, string>) => { status: number; body: object } = () => ({ status: 400, body: {} });
  exchanges: Record<string, string>[] = [];
  logins = 0;
  refreshes = 0;
  revocations = 0;
  #server = createServer();
  readonly #port: number;
  readonly #engine: Provider;

  private constructor(port: number, clientUrl: string, authentication: Partial<ClientMetadata>) {
    this.#port = port;
    this.issuer = `http://localhost:${port}`;
    this.#engine = this.#create(clientUrl, authentication);
  }

  /** @param authentication how the client authenticates */
  static async start(
    clientUrl: string,
    authentication: Partial<ClientMetadata> = { client_secret: 'client-app-secret' },
  ): Promise<TestProvider> {
    // it would warn of what is right for a test: keys and storage in memory
    for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockReturnValue(undefined);
    const provider = new TestProvider(await freePort(), clientUrl, authentication);
    await provider.restart();
    return provider;
  }

  reset(): void {
    Object.assign(this, {
      firstTokenLifetime: 3600,
      firstIdTokenLifetime: 3600,
      refuseRefresh: false,
      issuesIdJags: true,
    });
    Object.assign(this, { exchanges: [], logins: 0, refreshes: 0, revocations: 0 });
  }

  async restart(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void this.#engine.callback()(request, response);
      this.logins += 1;
      void this.#engine.interactionFinished(request, response, { login: { accountId: 'baeldung' } });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #create(clientUrl: string, authentication: Partial<ClientMetadata>): Provider {
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: 'client-app',
          ...authentication,
          redirect_uris: [`${clientUrl}/callback`],
          post_logout_redirect_uris: [`${clientUrl}/`],
          grant_types: ['authorization_code', 'refresh_token', GrantType.TokenExchange],
        },
        {
          client_id: 'lab-support',
          client_secret: 'lab-secret',
          redirect_uris: [`${clientUrl}/support/callback`],
          grant_types: ['authorization_code', 'refresh_token', GrantType.TokenExchange],
        },
      ],
      scopes: ['openid', 'offline_access', 'impersonate'],
      cookies: { keys: ['for-tests-only'] },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      issueRefreshToken: () => true,
      rotateRefreshToken: true,
      async loadExistingGrant(ctx) {
        const { client, session } = ctx.oidc;
        const grant = new ctx.oidc.provider.Grant({ accountId: session?.accountId, clientId: client?.clientId });
        grant.addOIDCScope('openid profile impersonate');
        grant.addResourceScope('urn:user-service', 'user.read impersonate');
        await grant.save();
        return grant;
      },
      features: {
        devInteractions: { enabled: false },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:user-service',
          useGrantedResource: () => true,
          getResourceServerInfo: (_ctx, _resource, { clientId }) => ({
            scope: clientId === 'lab-support' ? 'impersonate' : 'user.read',
            audience: 'user-service',
            accessTokenFormat: 'jwt',
          }),
        },
      },
      ttl: {
        AccessToken: (ctx) => (ctx.oidc.params?.['grant_type'] === 'refresh_token' ? 3600 : this.firstTokenLifetime),
        Grant: 3600,
        IdToken: (ctx) => (ctx.oidc.params?.['grant_type'] === 'refresh_token' ? 3600 : this.firstIdTokenLifetime),
        Interaction: 3600,
        RefreshToken: 3600,
        Session: 3600,
      },
    });
    const parameters = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'];
    const exchange = (ctx: KoaContextWithOIDC): void => {
      const asked = { ...(ctx.oidc.params as Record<string, string>) };
      this.exchanges.push(asked);
      Object.assign(ctx, this.exchanging(asked));
    };
    provider.registerGrantType(GrantType.TokenExchange, exchange, parameters);
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.path !== '/.well-known/openid-configuration') return;
      Object.assign(ctx.body as object, {
        onbehalf_impersonation_subject_token_type: TokenType.UserId,
        ...(this.issuesIdJags && { identity_chaining_requested_token_types_supported: [TokenType.IdJag] }),
      });
    });
    provider.use(async (ctx, next) => {
      if (ctx.path === '/token/revocation') this.revocations += 1;
      await next();
      const { params } = (ctx.oidc ?? {}) as { params?: Record<string, unknown> };
      if (params?.['grant_type'] === 'refresh_token') this.refreshes += 1;
    });
    provider.use(async (ctx, next) => {
      if (this.refuseRefresh && ctx.path === '/token') {
        ctx.status = 400;
        ctx.body = { error: 'invalid_grant' };
        return;
      }
      await next();
    });
    return provider;
  }
}
