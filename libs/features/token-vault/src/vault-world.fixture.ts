import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  featureModules,
  FeatureSet,
  hashPassword,
  parseServerConfig,
  SigningKeys,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  basic,
  obtainCode,
  postForm,
  toAnswer,
  UserAgent,
  type Answer,
  type Fields,
  type TestDatabase,
} from '@onbehalf/testing-internal';
import type { Credentials } from './accounts/credentials.js';
import { linkedAccountsTable } from './accounts/linked-accounts.table.js';
import { tokenVault } from './index.js';
import type { TestProvider } from './test-provider.fixture.js';

// that of Node.js makes objects of another realm than Jest's, which the provider does not take for plain ones
globalThis.structuredClone = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export const features = new FeatureSet([tokenVault]);
export const CONNECTED_ACCOUNT = TokenType.ConnectedAccount;
export const REDIRECT_URI = 'http://127.0.0.1:8080/linked';
const CALLBACK = 'http://127.0.0.1:8080/callback';
/** Of this run alone. */
export const SECRET = randomUUID();
const PASSWORD = randomUUID();
const PASSWORD_HASH = await hashPassword(PASSWORD);
const ME = ['linked_accounts.read', 'linked_accounts.write'];
const OPERATOR = [
  'linked_accounts.read',
  'linked_accounts.unlink',
  'audit.read',
  'exchange.explain',
  'registrations.read',
  'registrations.write',
];

const exchanger = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: [GrantType.TokenExchange],
  represents: ['service'],
  ...more,
});
const app = (clientId: string) => ({
  clientId,
  secret: SECRET,
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: [CALLBACK, REDIRECT_URI],
  scopes: ['openid', 'work', ...ME],
  resources: ['service', 'auth-server-me'],
  defaultResource: 'service',
  consent: 'skip',
});
export const vaultEdge = (more: object = {}) => ({
  client: 'service',
  subjectAudience: 'service',
  target: 'calendar',
  mode: 'delegation',
  issues: [CONNECTED_ACCOUNT],
  scopes: { 'calendar.read': {}, 'calendar.write': {} },
  ...more,
});

/** A configuration with two providers. */
export function vaultFile(issuer: string, calendar: ProviderAddress, mail: ProviderAddress) {
  const provider = (name: string, { issuer, clientId, clientSecret }: ProviderAddress) => ({
    name,
    title: name === 'calendar' ? 'The Calendar' : 'The Mail',
    issuer,
    clientId,
    clientSecret,
    rotates: name === 'calendar',
  });
  return {
    tokenVault: { providers: [provider('calendar', calendar), provider('mail', mail)] } as object | undefined,
    resources: [
      { audience: 'service', resource: 'http://127.0.0.1:8081', scopes: ['work'] },
      { audience: 'calendar', kind: 'third_party', scopes: ['calendar.read', 'calendar.write'] },
      { audience: 'mail', kind: 'third_party', scopes: ['mail.read'] },
      { audience: 'auth-server', scopes: OPERATOR },
      { audience: 'auth-server-me', resource: `${issuer}/me`, scopes: ME },
    ],
    clients: [
      app('app'),
      app('other-app'),
      exchanger('service'),
      exchanger('wide-service'),
      exchanger('agent'),
      exchanger('no-edge'),
      {
        clientId: 'operator',
        secret: SECRET,
        grantTypes: ['client_credentials'],
        scopes: OPERATOR,
        defaultResource: 'auth-server',
      },
    ],
    users: ['alice', 'mallory', 'carol'].map((username) => ({ username, passwordHash: PASSWORD_HASH })),
    edges: [
      vaultEdge(),
      vaultEdge({ client: 'wide-service', tokenVault: { acceptsWider: true } }),
      vaultEdge({ client: 'agent', scopes: { 'calendar.read': {} } }),
      vaultEdge({ target: 'mail', scopes: { 'mail.read': {} } }),
    ],
  };
}

export type ProviderAddress = Pick<TestProvider, 'issuer' | 'clientId' | 'clientSecret'>;

/** A person with a browser in which it is signed in, and a token of it for `/me`. */
export interface SignedIn {
  readonly username: string;
  readonly agent: UserAgent;
  readonly me: string;
  /** A token for the service, which exchanges it. */
  readonly token: string;
}

/** Replicas of the server on one database, with two providers. */
export class VaultWorld {
  readonly stores: AuthorizationStore[] = [];
  readonly urls: string[] = [];
  readonly #servers: { readonly app: NestExpressApplication; readonly server: Server }[] = [];

  private constructor(
    readonly database: string,
    readonly keys: SigningKeys,
    readonly encryptionKey: string,
  ) {}

  /** How the replicas see the time; seconds since the epoch. */
  static async open(
    database: TestDatabase,
    calendar: ProviderAddress,
    mail: ProviderAddress,
    { replicas = 1, change = {} }: { readonly replicas?: number; readonly change?: object } = {},
  ): Promise<VaultWorld> {
    const url =
      database.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'vault-')), 'store.db')}`
        : await database.database();
    const world = new VaultWorld(url, await SigningKeys.generate(), randomBytes(32).toString('base64'));
    const cookieKeys = [randomUUID()];
    for (let replica = 0; replica < replicas; replica += 1) await world.#start(calendar, mail, cookieKeys, change);
    return world;
  }

  get issuer(): string {
    return this.urls[0]!;
  }

  async #start(calendar: ProviderAddress, mail: ProviderAddress, cookieKeys: string[], change: object): Promise<void> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { issuer } = this;
    const { tables, auditFields } = features;
    const options = { encryptionKeys: [this.encryptionKey], sweepInterval: 0, tables, auditFields, issuer };
    const store = await openStore({ url: this.database, ...options });
    this.stores.push(store);
    const config = parseServerConfig(
      { ...vaultFile(issuer, calendar, mail), ...change },
      {},
      { sections: features.all },
    );
    const module = AuthorizationServerModule.forRoot({
      issuer,
      config,
      keys: this.keys,
      features,
      storage: store,
      cookieKeys,
      nonceSecret: Buffer.alloc(32),
    });
    const root = { module: class Root {}, imports: [module, ...featureModules(features.in(config), module)] };
    const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.init();
    server.on('request', app.getHttpAdapter().getInstance() as RequestListener);
    this.#servers.push({ app, server });
  }

  async close(): Promise<void> {
    for (const { app, server } of this.#servers) {
      server.closeAllConnections();
      server.close();
      await app.close();
    }
    for (const store of this.stores) await store.close();
  }

  /** Signs a user in with a browser, at a client. */
  async signIn(username = 'alice', clientId = 'app', agent = new UserAgent()): Promise<SignedIn> {
    const login = {
      issuer: this.issuer,
      clientId,
      redirectUri: CALLBACK,
      scope: `openid work ${ME.join(' ')}`,
      username,
      password: PASSWORD,
      parameters: { resource: ['http://127.0.0.1:8081', `${this.issuer}/me`] },
    };
    const fields = await obtainCode(login, agent);
    const authorization = basic(clientId, SECRET);
    const url = `${this.issuer}/oauth2/token`;
    const first = await postForm(url, { ...fields, resource: 'http://127.0.0.1:8081' }, { authorization });
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
    const second = await postForm(url, { ...refresh, resource: `${this.issuer}/me` }, { authorization });
    return {
      username,
      agent,
      token: String(first.body['access_token']),
      me: String(second.body['access_token']),
    };
  }

  async me(method: string, path: string, token: string, body?: object): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.issuer}/me/linked-accounts${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text ? (JSON.parse(text) as Answer['body']) : {},
    };
  }

  /** Begins a link as a client does. */
  async begin(person: Pick<SignedIn, 'me'>, change: Record<string, unknown> = {}): Promise<Begun> {
    const verifier = randomBytes(32).toString('base64url');
    const body = {
      provider: 'calendar',
      scope: 'calendar.read calendar.write',
      redirect_uri: REDIRECT_URI,
      state: 'state of the client',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...change,
    };
    const answer = await this.me('POST', '', person.me, body);
    return { answer, verifier, connectUri: String(answer.body['connect_uri']) };
  }

  /** Goes to the provider and back to the client. @returns where the browser was sent */
  async consent(agent: UserAgent, connectUri: string): Promise<URL> {
    const last = await agent.follow(await agent.get(connectUri), REDIRECT_URI);
    const text = await last.clone().text();
    const [, address] = /content="0;url=([^"]*)"/.exec(text) ?? [];
    return new URL(address?.replaceAll('&amp;', '&') ?? last.headers.get('location') ?? last.url);
  }

  async complete(person: Pick<SignedIn, 'me'>, code: string | null, verifier: string): Promise<Answer> {
    return this.me('POST', '/complete', person.me, { connect_code: code, code_verifier: verifier });
  }

  /** Links an account, all the way. */
  async link(person: SignedIn, change: Record<string, unknown> = {}): Promise<Answer> {
    const { connectUri, verifier } = await this.begin(person, change);
    const back = await this.consent(person.agent, connectUri);
    return this.complete(person, back.searchParams.get('connect_code'), verifier);
  }

  exchange(token: string, change: Fields = {}, client = 'service', replica = 0): Promise<Answer> {
    const fields = {
      grant_type: GrantType.TokenExchange,
      subject_token: token,
      subject_token_type: TokenType.AccessToken,
      requested_token_type: CONNECTED_ACCOUNT,
      audience: 'calendar',
      ...change,
    };
    const headers = { authorization: basic(client, SECRET) };
    return postForm(`${this.urls[replica]}/oauth2/token`, fields, headers);
  }

  async asOperator(method: string, path: string, body?: object): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${await this.#operatorToken()}`,
      ...(body && { 'content-type': 'application/json' }),
    };
    const response = await fetch(this.issuer + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text ? (JSON.parse(text) as Answer['body']) : {},
    };
  }

  /** Explains an exchange, as operators can. */
  async explain(form: URLSearchParams): Promise<Answer> {
    const headers = { authorization: `Bearer ${await this.#operatorToken()}` };
    const response = await fetch(`${this.issuer}/admin/exchange/explain`, { method: 'POST', headers, body: form });
    return toAnswer(response);
  }

  /** The access token of an account has this many seconds left. */
  leave(subject: string, provider: string, seconds: number): Promise<void> {
    const expiresAt = Math.floor(Date.now() / 1000) + seconds;
    return this.edit(subject, provider, (credentials) => ({
      ...credentials,
      tokens: credentials.tokens.map((token) => ({ ...token, expiresAt })),
    }));
  }

  /** Changes what is kept of an account, as if it had become so. */
  async edit(subject: string, provider: string, change: (before: Credentials) => Credentials): Promise<void> {
    const { credentials, generation } = await this.raw(subject, provider);
    const next = { ...change(JSON.parse(credentials) as Credentials), generation: generation + 1 };
    await this.putBack(subject, provider, { credentials: JSON.stringify(next), generation: generation + 1 });
  }

  async raw(subject: string, provider: string): Promise<{ readonly credentials: string; readonly generation: number }> {
    const { credentials, generation } = await this.#row(subject, provider);
    return { credentials, generation };
  }

  async putBack(
    subject: string,
    provider: string,
    state: { readonly credentials: string; readonly generation: number },
  ): Promise<void> {
    const { subject_life } = await this.#row(subject, provider);
    await this.#accounts.update({ subject, subject_life, provider }, state);
  }

  get #accounts() {
    return this.stores[0]!.table(linkedAccountsTable);
  }

  async #row(subject: string, provider: string) {
    const [row] = await this.#accounts.list({ subject, provider }, 1);
    return row!;
  }

  async #operatorToken(): Promise<string> {
    const url = `${this.issuer}/oauth2/token`;
    const fields = { grant_type: 'client_credentials' };
    return String((await postForm(url, fields, { authorization: basic('operator', SECRET) })).body['access_token']);
  }

  /** The last record that matches. */
  async record(query: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { records } = await this.stores[0]!.trail.query({ ...query, limit: 1 });
    return { ...records[0]?.event };
  }
}

export interface Begun {
  readonly answer: Answer;
  readonly verifier: string;
  readonly connectUri: string;
}
