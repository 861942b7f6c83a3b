import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeatureSet, parseServerConfig, SigningKeys } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { idTokens } from '@onbehalf/feature-id-tokens';
import { identityChaining } from '@onbehalf/feature-identity-chaining';
import { tokenVault } from '@onbehalf/feature-token-vault';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { TestDatabase } from '@onbehalf/testing-internal';
import { decodeJwt, type JWTPayload } from 'jose';
import { aiAgents } from './index.js';
import { Browser } from './browser.fixture.js';
import { startReplica, type Replica } from './replica.fixture.js';
import { file, OPERATOR_SCOPES, SECRET } from './registrations.fixture.js';

export const features = new FeatureSet([idTokens, identityChaining, aiAgents, tokenVault]);

/** Checks a configuration with these members in place of its own. */
export const parse = (change: object = {}) => parseServerConfig({ ...file, ...change }, {}, { sections: features.all });

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Replicas of a server with agents, on one database, and who uses them. */
export class AgentWorld {
  readonly replicas: Replica[] = [];
  readonly stores: AuthorizationStore[] = [];

  private constructor(
    readonly keys: SigningKeys,
    readonly issuer: string,
  ) {}

  static async open(database: TestDatabase, replicas = 1): Promise<AgentWorld> {
    const issuer = 'http://localhost:9001';
    const world = new AgentWorld(await SigningKeys.generate(), issuer);
    const url =
      database.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'agents-')), 'store.db')}`
        : await database.database();
    const encryptionKeys = [randomBytes(32).toString('base64')];
    const cookieKeys = [randomUUID()];
    const { tables, auditFields } = features;
    for (let i = 0; i < replicas; i += 1) {
      const store = await openStore({ url, encryptionKeys, sweepInterval: 0, tables, auditFields, issuer });
      world.stores.push(store);
      const parts = { issuer, config: parse(), keys: world.keys, features, store, cookieKeys };
      world.replicas.push(await startReplica(parts));
    }
    return world;
  }

  async close(): Promise<void> {
    for (const { app } of this.replicas) await app.close();
    for (const store of this.stores) await store.close();
  }

  url(replica = 0): string {
    return this.replicas[replica]!.url;
  }

  /** A browser in which nobody has signed in. */
  browser(): Browser {
    return new Browser(this.issuer, () => this.url());
  }

  async post(path: string, form: Form, client: string, replica = 0): Promise<Answer> {
    const body = new URLSearchParams();
    for (const [name, values] of Object.entries(form))
      for (const value of [values ?? []].flat()) body.append(name, value);
    const headers = { authorization: `Basic ${btoa(`${client}:${SECRET}`)}` };
    return read(await fetch(this.url(replica) + path, { method: 'POST', headers, body }));
  }

  /** A token of a client for itself. */
  async ownToken(client: string, audience = 'auth-server-actors', scope = 'act'): Promise<string> {
    const resource = `urn:onbehalf:audience:${audience}`;
    const form = { grant_type: GrantType.ClientCredentials, scope, resource };
    return accessToken(await this.post('/oauth2/token', form, client));
  }

  /** A token of this server for anybody, on record as all are. */
  async token(claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: this.issuer, sub: 'ada', aud: 'assistant', client_id: 'app', scope: 'assistant.ask' };
    const all = { ...standard, iat: now, exp: now + 300, auth_time: now, jti: randomUUID() as string, ...claims };
    const {
      jti,
      sub: subject,
      client_id: clientId,
      aud,
      exp: expiresAt,
      grantId,
      ...others
    } = all as typeof all & {
      grantId?: string;
    };
    const lives = this.replicas[0]!.lives();
    const subjectLife = lives.of('user', subject);
    const ofLife = { ...(subjectLife !== undefined && { subjectLife }) };
    const kept = { jti, subject, clientId, audiences: [aud].flat(), expiresAt, ...ofLife };
    await this.stores[0]!.tokens.record({ ...kept, ...(grantId !== undefined && { grantId }) });
    const named = { jti, sub: subject, client_id: clientId, aud, exp: expiresAt };
    return this.keys.sign({ ...named, ...others }, { typ: 'at+jwt' });
  }

  /** A token of a login, by which a user asks for what is theirs. */
  async ownPage(sub: string, scope = 'activity.read exchange.evaluate'): Promise<string> {
    return this.token({ sub, aud: 'auth-server-me', scope, grantId: 'login' });
  }

  /** An exchange; what is `undefined` is left out. */
  exchange(client: string, subject: string, more: Form = {}, replica = 0): Promise<Answer> {
    const form = {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.AccessToken,
    };
    return this.post('/oauth2/token', { ...form, ...more }, client, replica);
  }

  /** An exchange of the assistant, or of another agent, with its own actor token. */
  async act(more: Form & { subject?: string } = {}, agent = 'assistant', replica = 0): Promise<Answer> {
    const { subject, ...others } = more;
    const standard = {
      actor_token: await this.ownToken(agent),
      actor_token_type: TokenType.AccessToken,
      audience: 'user-service',
      scope: 'user.read',
    };
    return this.exchange(agent, subject ?? (await this.token()), { ...standard, ...others }, replica);
  }

  /** Has the user of a browser allow an agent these. */
  async allow(browser: Browser, agent: string, audience: string, scope: string, lifetime = 'day'): Promise<number> {
    const page = `/account/agents/${agent}?${new URLSearchParams({ audience, scope })}`;
    return (await browser.answerForm(page, { decision: 'allow', lifetime })).status;
  }

  async introspect(client: string, token: string, replica = 0): Promise<Record<string, unknown>> {
    return (await this.post('/oauth2/introspect', { token }, client, replica)).body;
  }

  /** Calls an endpoint of operators. */
  async operate(method: string, path: string, body?: object, claims: object = {}, replica = 0): Promise<Answer> {
    const operator = { sub: 'operator', client_id: 'operator', aud: 'auth-server', scope: OPERATOR_SCOPES.join(' ') };
    const authorization = `Bearer ${await this.token({ ...operator, ...claims })}`;
    const content = body && { 'content-type': 'application/json' };
    const init = { method, headers: { authorization, ...content }, ...(body && { body: JSON.stringify(body) }) };
    return read(await fetch(this.url(replica) + path, init));
  }

  /** Asks, as a user, what a client would get. */
  async evaluate(token: string, question: object): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(question) };
    return read(await fetch(`${this.url()}/me/evaluate`, init));
  }

  async call(path: string, token: string): Promise<Answer> {
    return read(await fetch(this.url() + path, { headers: { authorization: `Bearer ${token}` } }));
  }

  /** The last record that matches. */
  async record(query: Record<string, unknown> = { type: 'token_exchange' }): Promise<Record<string, unknown>> {
    const { records } = await this.stores[0]!.trail.query({ ...query, limit: 1 });
    return { ...records[0]?.event };
  }

  /** The identifiers in the revocation feed. */
  async revoked(): Promise<readonly string[]> {
    return (await this.stores[0]!.tokens.revokedSince()).tokens.map(({ jti }) => jti);
  }
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json(;|$)/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown> };
}

/** The token of an answer that is expected to hold one. */
export function accessToken({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return String(body['access_token']);
}

export function claimsOf(answer: Answer): JWTPayload {
  return decodeJwt(accessToken(answer));
}
