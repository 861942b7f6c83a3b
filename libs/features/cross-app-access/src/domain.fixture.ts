import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  featureModules,
  FeatureSet,
  parseServerConfig,
  SigningKeys,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { idTokens } from '@onbehalf/feature-id-tokens';
import { identityChaining } from '@onbehalf/feature-identity-chaining';
import { samlAssertion } from '@onbehalf/feature-saml-assertion';
import { GrantType } from '@onbehalf/oauth-protocol';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { crossAppAccess } from './index.js';

/** What every client of the tests authenticates with; of this run alone. */
export const SECRET = randomUUID();
/** Of a password that nobody knows. */
export const HASH = `scrypt$16384$8$1$${randomBytes(12).toString('base64url')}$${randomBytes(32).toString('base64url')}`;

export const now = (): number => Math.floor(Date.now() / 1000);

const features = new FeatureSet([idTokens, samlAssertion, identityChaining, crossAppAccess]);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Post {
  /** An empty `authorization` is left out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly replica?: number;
}

export interface DomainOptions {
  /** Of a database that the replicas share. Default in memory. */
  readonly url?: string;
  readonly replicas?: number;
  /** Default fresh ones. */
  readonly keys?: SigningKeys;
}

/** The authorization server of one domain, with real HTTP: one replica or several on one database. */
export class Domain {
  readonly #apps: NestExpressApplication[] = [];
  readonly #stores: AuthorizationStore[] = [];
  readonly urls: string[] = [];

  private constructor(
    readonly issuer: string,
    readonly keys: SigningKeys,
  ) {}

  static async open(
    issuer: string,
    file: object,
    { url = 'sqlite::memory:', replicas = 1, keys }: DomainOptions = {},
  ): Promise<Domain> {
    const domain = new Domain(issuer, keys ?? (await SigningKeys.generate()));
    const encryption = url.endsWith(':memory:') ? {} : { encryptionKeys: [randomBytes(32).toString('base64')] };
    const shared = { encryption, cookieKeys: [randomUUID()], nonceSecret: randomBytes(32) };
    for (let replica = 0; replica < replicas; replica += 1) await domain.#start(url, file, shared);
    return domain;
  }

  async #start(
    url: string,
    file: object,
    { encryption, ...secrets }: { encryption: object; cookieKeys: string[]; nonceSecret: Buffer },
  ): Promise<void> {
    const config = parseServerConfig(file, {}, { sections: features.all });
    const { tables, auditFields } = features;
    const { issuer, keys } = this;
    const store = await openStore({ url, sweepInterval: 0, tables, auditFields, issuer, ...encryption });
    this.#stores.push(store);
    const server = AuthorizationServerModule.forRoot({
      issuer,
      config,
      keys,
      features,
      storage: store,
      ...secrets,
    });
    const module = { imports: [server, ...featureModules(features.in(config), server)] };
    const testing = await Test.createTestingModule(module).compile();
    const app = testing.createNestApplication<NestExpressApplication>({ logger: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.listen(0, '127.0.0.1');
    this.#apps.push(app);
    this.urls.push(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.close();
    for (const store of this.#stores) await store.close();
  }

  /** As another domain trusts it: by its keys, whoever asks. */
  get trusted(): { readonly issuer: string; readonly jwks: object; readonly algorithms: readonly string[] } {
    const keys = this.keys.current.filter(({ algorithm }) => algorithm === 'ES256').map(({ publicJwk }) => publicJwk);
    return { issuer: this.issuer, jwks: { keys }, algorithms: ['ES256'] };
  }

  /** Asks the token endpoint. Members that are undefined are left out. */
  async token(
    client: string,
    form: Readonly<Record<string, string | undefined>>,
    { headers = {}, replica = 0 }: Post = {},
  ): Promise<Answer> {
    const { authorization = this.basic(client), ...others } = headers;
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return toAnswer(
      await fetch(`${this.urls[replica]!}/oauth2/token`, {
        method: 'POST',
        headers: { ...others, ...(authorization && { authorization }) },
        body: new URLSearchParams(sent),
      }),
    );
  }

  basic(client: string): string {
    return `Basic ${btoa(`${client}:${SECRET}`)}`;
  }

  redeem(client: string, assertion: string, form: object = {}, post: Post = {}): Promise<Answer> {
    return this.token(client, { grant_type: GrantType.JwtBearer, assertion, ...form }, post);
  }

  /** Calls an endpoint of operators. */
  async operator(path: string, init: RequestInit = {}, replica = 0): Promise<Answer> {
    const { body } = await this.token('operator', { grant_type: GrantType.ClientCredentials }, { replica });
    const headers = { authorization: `Bearer ${String(body['access_token'])}`, 'content-type': 'application/json' };
    return toAnswer(
      await fetch(this.urls[replica]! + path, { ...init, headers: { ...headers, ...(init.headers as object) } }),
    );
  }

  async metadata(document = 'oauth-authorization-server', replica = 0): Promise<Record<string, unknown>> {
    return (await toAnswer(await fetch(`${this.urls[replica]!}/.well-known/${document}`))).body;
  }

  /** Signs any JWT with the keys of this server. */
  sign(claims: JWTPayload, typ: string): Promise<string> {
    return this.keys.sign({ iss: this.issuer, iat: now(), exp: now() + 300, jti: randomUUID(), ...claims }, { typ });
  }

  /** An access token of this server, on record as all of them are. */
  async accessToken(claims: Record<string, unknown> = {}): Promise<string> {
    const [jti, expiresAt] = [randomUUID(), now() + 300];
    const all = { sub: 'alice', aud: 'api', client_id: 'web', scope: 'api.read', jti, exp: expiresAt, ...claims };
    const audiences = [all.aud];
    await this.#stores[0]!.tokens.record({ jti, subject: all.sub, clientId: all.client_id, audiences, expiresAt });
    return this.sign(all, 'at+jwt');
  }

  /** The last record of the trail. */
  async lastRecord(): Promise<Record<string, unknown>> {
    const { records } = await this.#stores[0]!.trail.query({ limit: 1 });
    return { ...records[0]?.event };
  }
}

async function toAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const isJson = headers.get('content-type')?.includes('json') && text !== '';
  return { status, headers, body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown> };
}

/** A key of a client that proves it with each request. RFC 9449 §4.2 */
export class DpopKey {
  private constructor(
    private readonly privateKey: CryptoKey,
    private readonly jwk: object,
  ) {}

  static async generate(): Promise<DpopKey> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return new DpopKey(privateKey, await exportJWK(publicKey));
  }

  thumbprint(): Promise<string> {
    return calculateJwkThumbprint(this.jwk);
  }

  async proof(issuer: string): Promise<Post> {
    const dpop = await new SignJWT({ htm: 'POST', htu: `${issuer}/oauth2/token`, jti: randomUUID() })
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.jwk })
      .sign(this.privateKey);
    return { headers: { dpop } };
  }
}
