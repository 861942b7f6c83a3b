import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { type Answer, basic, type Fields, logIn, obtainCode, postForm, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { REDIRECT, SERVICE_SECRET, type Document } from './lives-file.js';
import { Operator } from './operator.js';
import { storeSettings } from './store-settings.js';
import { until } from './until.js';

/** Within which every replica knows. Milliseconds. */
export const SOON = 5_000;

const bearer = (client: string, secret: string) => ({ authorization: basic(client, secret) });
const APP = bearer('app', SERVICE_SECRET);
const API = bearer('api', SERVICE_SECRET);

/** What somebody has by signing in with a client. */
export interface Held {
  readonly clientId: string;
  readonly secret: string;
  readonly agent: UserAgent;
  readonly code: Fields;
  readonly tokens: Document;
  readonly exchanged: string;
}

/** Two replicas on one database and one file: what people and clients hold there, and what has become of it. */
export class LivesWorld {
  private constructor(
    private readonly settings: Readonly<Record<string, string>>,
    readonly first: System,
    readonly second: System,
    readonly operator: Operator,
  ) {}

  static async open(database: string, document: Document): Promise<LivesWorld> {
    const path = join(mkdtempSync(join(tmpdir(), 'lives-')), 'auth-server.json');
    writeFileSync(path, JSON.stringify(document));
    const settings: Record<string, string> = { ...storeSettings(database), AUTH_SERVER_CONFIG: path };
    const first = await (await System.onFreePorts(settings)).up('auth-server');
    settings['ISSUER'] = first.url('auth-server');
    const second = await (await System.onFreePorts(settings)).up('auth-server');
    const operator = await Operator.with('registrations.read registrations.write', settings['ISSUER']);
    return new LivesWorld(settings, first, second, operator);
  }

  async close(): Promise<void> {
    await Promise.all([this.first.down(), this.second.down()]);
  }

  get servers(): readonly [string, string] {
    return [this.first.url('auth-server'), this.second.url('auth-server')];
  }

  /** Starts replicas anew with what the file says now. */
  async restart(document: Document, ...replicas: readonly System[]): Promise<void> {
    await Promise.all(replicas.map((each) => each.app('auth-server').stop()));
    writeFileSync(this.settings['AUTH_SERVER_CONFIG']!, JSON.stringify(document));
    await Promise.all(replicas.map((each) => each.up('auth-server')));
  }

  /** One more replica, whose file is another one. */
  async further(document: Document): Promise<System> {
    const path = join(mkdtempSync(join(tmpdir(), 'lives-')), 'auth-server.json');
    writeFileSync(path, JSON.stringify(document));
    return (await System.onFreePorts({ ...this.settings, AUTH_SERVER_CONFIG: path })).up('auth-server');
  }

  /** Signs in and exchanges; one code is kept. */
  async hold(
    username: string,
    { password = 'password', ...by }: { clientId?: string; secret?: string; password?: string } = {},
  ): Promise<Held> {
    const { clientId = 'web', secret = `${clientId} has a secret` } = by;
    const agent = new UserAgent();
    const issuer = this.servers[0];
    const login = { issuer, clientId, redirectUri: REDIRECT, scope: 'openid profile read', username, password };
    const code = await obtainCode(login, agent);
    const { body: tokens } = await logIn({ ...login, ...bearer(clientId, secret) });
    const { body } = await exchange(tokens['access_token'], TokenType.AccessToken, APP, issuer);
    return { clientId, secret, agent, code, tokens, exchanged: String(body['access_token']) };
  }

  async expectGoesOn(held: Held): Promise<void> {
    for (const at of this.servers) {
      expect(await isActive(held.tokens['access_token'], APP, at)).toBe(true);
      expect(await isActive(held.exchanged, API, at)).toBe(true);
      // another replica knows of a life that has just begun within five seconds
      await until(() => isSignedIn(held, at), SOON);
    }
    const as = bearer(held.clientId, held.secret);
    expect((await token(held.code, as, this.servers[1])).status).toBe(200);
    expect((await refresh(held, as, this.servers[1])).status).toBe(200);
  }

  /** @param ofUser whether the user's life has ended, and with it the session; a client's ends what the client holds */
  async expectEnded(held: Held, ofUser = true, secret = held.secret): Promise<void> {
    const as = bearer(held.clientId, secret);
    for (const at of this.servers) {
      // the one that has ended it refuses at once, the other one within five seconds
      if (ofUser) await until(async () => !(await isSignedIn(held, at)), at === this.servers[0] ? 1 : SOON);
      const failed = ['invalid_grant', 'invalid_client'];
      await until(async () => failed.includes(String((await token(held.code, as, at)).body['error'])), SOON);
      expect(failed).toContain((await refresh(held, as, at)).body['error']);
      expect(await isActive(held.tokens['access_token'], APP, at)).toBe(false);
      expect(await isActive(held.exchanged, API, at)).toBe(false);
      const exchanged = await exchange(held.tokens['access_token'], TokenType.AccessToken, APP, at);
      expect(exchanged.body['error']).toBe('invalid_request');
      const { body } = await exchange(held.tokens['id_token'], TokenType.IdToken, as, at);
      expect(['invalid_request', 'invalid_client', 'unauthorized_client']).toContain(body['error']);
      const feed = await (await fetch(`${at}/oauth2/revocations`, { headers: APP })).text();
      for (const each of [held.tokens['access_token'], held.tokens['id_token'], held.exchanged]) {
        expect(feed).toContain(decodeJwt(String(each)).jti);
      }
    }
  }

  /** Whether the first replica knows the session and the token. */
  async isIntact(held: Held): Promise<boolean> {
    const [at] = this.servers;
    return (await isActive(held.tokens['access_token'], APP, at)) && isSignedIn(held, at);
  }

  /** Refuses what the client held before; the other replica, too, within five seconds. */
  async untilRefused(held: Held): Promise<void> {
    const as = bearer(held.clientId, held.secret);
    await until(async () => (await refresh(held, as, this.servers[1])).body['error'] === 'invalid_grant', SOON);
  }

  /** Changes what an address of the admin API stands for, on the condition that it is as it was read just before. */
  async send(method: string, address: string, body?: Document): Promise<Document> {
    const current = await this.operator.fetch(address);
    const version = current.headers.get('etag') ?? '';
    const precondition: Record<string, string> = current.ok ? { 'if-match': version } : { 'if-none-match': '*' };
    const headers = { 'content-type': 'application/json', ...precondition };
    const changed = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await this.operator.fetch(address, changed);
    expect([200, 201, 204]).toContain(response.status);
    return response.status === 204 ? {} : ((await response.json()) as Document);
  }
}

/** Whether the browser gets a code without signing in. */
export async function isSignedIn({ agent, clientId }: Pick<Held, 'agent' | 'clientId'>, at: string): Promise<boolean> {
  const back = await agent.follow(await agent.get(authorizationRequest(at, clientId, { prompt: 'none' })), REDIRECT);
  return new URL(back.headers.get('location') ?? 'about:blank').searchParams.has('code');
}

export function authorizationRequest(at: string, clientId: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: REDIRECT, scope: 'read' },
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    ...{ code_challenge_method: 'S256', ...more },
  });
  return `${at}/oauth2/authorize?${query.toString()}`;
}

function token(fields: Fields, headers: Record<string, string>, at: string): Promise<Answer> {
  return postForm(`${at}/oauth2/token`, fields, headers);
}

function refresh({ tokens }: Held, as: Record<string, string>, at: string): Promise<Answer> {
  return token({ grant_type: GrantType.RefreshToken, refresh_token: String(tokens['refresh_token']) }, as, at);
}

function exchange(subject: unknown, type: string, headers: Record<string, string>, at: string): Promise<Answer> {
  const subjectToken = { subject_token: String(subject), subject_token_type: type };
  return token({ grant_type: GrantType.TokenExchange, ...subjectToken, audience: 'api', scope: 'do' }, headers, at);
}

async function isActive(subject: unknown, headers: Record<string, string>, at: string): Promise<boolean> {
  return (await postForm(`${at}/oauth2/introspect`, { token: String(subject) }, headers)).body['active'] === true;
}
