import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, type Fields, logIn, postForm } from '@onbehalf/testing-internal';
import { freePort, RunningApp, type Settings } from '../../tools/system.ts';
import { LEGACY_PROVIDER, legacyProvider } from './legacy-provider.fixture.js';
import { hashOf } from './password-hash.js';

// npx nx run auth-server:hash-password, for: password
const PASSWORD = hashOf('password');
export const CALLBACK = 'http://localhost:1/callback';
export const ORDERS = 'http://localhost:8092';

/** The identity provider of the first domain: who may reach the partner, and who may go there by chaining. */
function home(partner: string): object {
  const secret = 'secret';
  const crossAppAccess = { clientId: 'home-client-app', resources: [ORDERS], users: ['baeldung'], subject: 'email' };
  const idJag = { target: partner, issues: [TokenType.IdJag], mode: 'delegation', scopes: { 'order.read': {} } };
  return {
    identityChaining: {},
    crossAppAccess: {},
    samlAssertion: legacyProvider,
    resources: [
      { audience: 'user-service', scopes: ['user.read'] },
      { audience: 'legacy', scopes: [] },
      { audience: partner, kind: 'authorization_server', scopes: ['order.read', 'order.write'] },
      { audience: 'auth-server', scopes: ['audit.read', 'registrations.read', 'registrations.write'] },
    ],
    clients: [
      {
        clientId: 'client-app',
        secret,
        grantTypes: ['authorization_code', 'refresh_token', GrantType.TokenExchange],
        redirectUris: [CALLBACK],
        scopes: ['openid', 'user.read'],
        defaultResource: 'user-service',
      },
      { clientId: 'user-service', secret, grantTypes: [GrantType.TokenExchange], represents: ['user-service'] },
      { clientId: 'legacy-service', secret, grantTypes: [GrantType.TokenExchange], represents: ['legacy'] },
      { clientId: 'other-app', secret, grantTypes: [GrantType.TokenExchange] },
      { clientId: 'redeemer', secret, grantTypes: [GrantType.JwtBearer] },
      {
        clientId: 'operator',
        secret,
        grantTypes: [GrantType.ClientCredentials],
        scopes: ['audit.read', 'registrations.read', 'registrations.write'],
        defaultResource: 'auth-server',
      },
    ],
    users: [
      { username: 'baeldung', passwordHash: PASSWORD, email: 'baeldung@example.com' },
      { username: 'stranger', passwordHash: PASSWORD, email: 'stranger@example.com' },
    ],
    trustedIssuers: [{ issuer: partner, algorithms: ['ES256'], usages: ['jwt-bearer'] }],
    edges: [
      {
        ...idJag,
        id: 'orders',
        client: 'client-app',
        subjectAudience: 'client-app',
        subjectTypes: [TokenType.IdToken, TokenType.RefreshToken],
        crossAppAccess,
      },
      {
        ...idJag,
        client: 'legacy-service',
        subjectAudience: 'legacy',
        subjectTypes: [TokenType.Saml2],
        subjectIssuers: [LEGACY_PROVIDER],
        crossAppAccess,
      },
      {
        client: 'user-service',
        subjectAudience: 'user-service',
        target: partner,
        mode: 'delegation',
        scopes: { 'order.read': { requires: ['user.read'] } },
        identityChaining: { subject: 'email' },
      },
    ],
  };
}

/** The authorization server of the second domain, which redeems what the first one issues. */
function partner(home: string): object {
  const taken = {
    mode: 'delegation',
    target: 'order-service',
    subjectIssuers: [home],
    scopes: { 'order.read': {}, 'order.write': {} },
  };
  const secret = 'secret';
  const redeems = { secret, grantTypes: [GrantType.JwtBearer], defaultTarget: 'order-service' };
  return {
    identityChaining: {},
    crossAppAccess: {},
    resources: [
      { audience: 'order-service', resource: ORDERS, scopes: ['order.read', 'order.write'] },
      { audience: 'auth-server', scopes: ['audit.read'] },
    ],
    trustedIssuers: [
      {
        issuer: home,
        algorithms: ['ES256'],
        usages: ['id-jag', 'jwt-bearer'],
        subject: { claim: 'email', to: 'account', domains: ['example.com'] },
      },
    ],
    clients: [
      { clientId: 'home-client-app', ...redeems },
      { clientId: 'home-user-service', ...redeems },
      { clientId: 'order-service', secret, grantTypes: [GrantType.TokenExchange], represents: ['order-service'] },
      {
        clientId: 'operator',
        secret,
        grantTypes: [GrantType.ClientCredentials],
        scopes: ['audit.read'],
        defaultResource: 'auth-server',
      },
    ],
    users: [{ username: 'b.aeldung', passwordHash: PASSWORD, email: 'baeldung@example.com' }],
    edges: [
      { ...taken, client: 'home-client-app', subjectAudience: 'home-client-app', subjectTypes: [TokenType.IdJag] },
      { ...taken, client: 'home-user-service', subjectAudience: 'home-user-service', subjectTypes: [TokenType.Jwt] },
    ],
  };
}

type Start = (more?: Settings) => RunningApp;

/** Two domains, each an auth-server with keys of its own. */
export class Domains {
  home: RunningApp;
  readonly partner: RunningApp;

  private constructor(
    private readonly startHome: Start,
    startPartner: Start,
  ) {
    this.home = startHome();
    this.partner = startPartner();
  }

  /** @param settings beside what the domains need, by domain */
  static async up(settings: { readonly home?: Settings; readonly partner?: Settings } = {}): Promise<Domains> {
    const [one, two] = [await freePort(), await freePort()];
    const starting = (port: number, config: object, more: Settings = {}): Start => {
      const file = join(mkdtempSync(join(tmpdir(), 'domain-')), 'config.json');
      writeFileSync(file, JSON.stringify(config));
      const needed = { ISSUER: `http://localhost:${port}`, AUTH_SERVER_CONFIG: file, DATABASE_URL: 'sqlite::memory:' };
      return (again) => new RunningApp('auth-server', port, { ...needed, ...more, ...again });
    };
    const domains = new Domains(
      starting(one, home(`http://localhost:${two}`), settings.home),
      starting(two, partner(`http://localhost:${one}`), settings.partner),
    );
    await Promise.all([domains.home.ready(), domains.partner.ready()]);
    return domains;
  }

  /** Starts the first domain again, after it was stopped, with the same settings and these. */
  async again(more?: Settings): Promise<void> {
    this.home = this.startHome(more);
    await this.home.ready();
  }

  async down(): Promise<void> {
    await Promise.all([this.home.stop(), this.partner.stop()]);
  }

  /** What a login at the first domain gives client-app: an access token, an ID token and a refresh token. */
  async logIn(username = 'baeldung'): Promise<Record<string, unknown>> {
    const client = { clientId: 'client-app', redirectUri: CALLBACK, authorization: basic('client-app', 'secret') };
    return (await logIn({ issuer: this.home.url, scope: 'openid user.read', username, ...client })).body;
  }

  token(at: RunningApp, client: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> {
    return postForm(`${at.url}/oauth2/token`, fields, { authorization: basic(client, 'secret'), ...headers });
  }

  idJag(subject: string, fields: Fields = {}, client = 'client-app', headers = {}): Promise<Answer> {
    const asked = {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.IdToken,
      requested_token_type: TokenType.IdJag,
      audience: this.partner.url,
      resource: ORDERS,
      ...fields,
    };
    return this.token(this.home, client, asked, headers);
  }

  chain(subject: string, fields: Fields = {}): Promise<Answer> {
    return this.token(this.home, 'user-service', {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.AccessToken,
      requested_token_type: TokenType.Jwt,
      audience: this.partner.url,
      ...fields,
    });
  }

  redeem(assertion: string, fields: Fields = {}, client = 'home-client-app', headers = {}): Promise<Answer> {
    return this.token(this.partner, client, { grant_type: GrantType.JwtBearer, assertion, ...fields }, headers);
  }
}
