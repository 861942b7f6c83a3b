import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SigningKeys } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { TestDatabase } from '@onbehalf/testing-internal';
import { features, ISSUER, OPERATOR_SCOPES, SECRET } from './impersonation-configuration.fixture.js';
import { startReplica } from './impersonation-replica.fixture.js';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Replicas of the server on one database. */
export class ImpersonationWorld {
  readonly #apps: NestExpressApplication[] = [];
  readonly stores: AuthorizationStore[] = [];
  readonly urls: string[] = [];
  /** The login that tokens come from. */
  login = randomUUID() as string;

  private constructor(readonly keys: SigningKeys) {}

  static async open(database: TestDatabase, replicas = 1): Promise<ImpersonationWorld> {
    const world = new ImpersonationWorld(await SigningKeys.generate());
    const url =
      database.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'impersonation-')), 'store.db')}`
        : await database.database();
    const encryptionKeys = [randomBytes(32).toString('base64')];
    const cookieKeys = [randomUUID()];
    for (let replica = 0; replica < replicas; replica += 1) {
      const { tables, auditFields } = features;
      world.stores.push(
        await openStore({ url, encryptionKeys, sweepInterval: 0, tables, auditFields, issuer: ISSUER }),
      );
      const { app, url: address } = await startReplica(world.stores.at(-1)!, world.keys, cookieKeys);
      world.#apps.push(app);
      world.urls.push(address);
    }
    return world;
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.close();
    for (const store of this.stores) await store.close();
  }

  /** A token of this server, on record as all of them are. */
  async token(claims: Record<string, unknown> = {}, header: Record<string, string> = {}): Promise<string> {
    const now = seconds();
    const all = {
      iss: ISSUER,
      sub: 'support',
      aud: 'auth-server',
      client_id: 'support-tool',
      scope: 'impersonate',
      iat: now,
      exp: now + 300,
      auth_time: now,
      jti: randomUUID(),
      ...claims,
    };
    const { jti, sub: subject, client_id: clientId, aud, exp: expiresAt } = all;
    if (jti !== undefined) {
      await this.stores[0]!.tokens.record({
        jti,
        subject,
        clientId,
        audiences: [aud].flat(),
        expiresAt,
        grantId: this.login,
      });
    }
    return this.keys.sign(all, { typ: 'at+jwt', ...header });
  }

  async post(
    path: string,
    form: URLSearchParams | Record<string, string>,
    client: string,
    replica = 0,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const authorization = `Basic ${btoa(`${client}:${SECRET}`)}`;
    const sent = { method: 'POST', headers: { authorization, ...headers }, body: new URLSearchParams(form) };
    const response = await fetch(this.urls[replica]! + path, sent);
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** A request of an administrator; members that are undefined are left out. */
  async form(
    change: Record<string, string | undefined> = {},
    actor: Record<string, unknown> = {},
  ): Promise<Record<string, string>> {
    const form = {
      grant_type: GrantType.TokenExchange,
      subject_token: 'alice',
      subject_token_type: TokenType.UserId,
      actor_token: 'actor_token' in change ? change['actor_token'] : await this.token(actor),
      actor_token_type: TokenType.AccessToken,
      audience: 'user-service',
      reason: 'the balance is wrong',
      ...change,
    };
    return Object.fromEntries(
      Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  async begin(
    change: Record<string, string | undefined> = {},
    actor: Record<string, unknown> = {},
    replica = 0,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.post('/oauth2/token', await this.form(change, actor), 'support-tool', replica, headers);
  }

  exchange(client: string, subject_token: string, more: Record<string, string> = {}, replica = 0): Promise<Answer> {
    const form = {
      grant_type: GrantType.TokenExchange,
      subject_token,
      subject_token_type: TokenType.AccessToken,
      ...more,
    };
    return this.post('/oauth2/token', form, client, replica);
  }

  async introspect(client: string, token: string, replica = 0): Promise<Record<string, unknown>> {
    return (await this.post('/oauth2/introspect', { token }, client, replica)).body;
  }

  /** Calls an endpoint of operators, as a person unless told otherwise. */
  async call(method: string, path: string, claims: Record<string, unknown> = {}, replica = 0): Promise<Answer> {
    const token = await this.token({
      sub: 'second',
      client_id: 'console',
      scope: OPERATOR_SCOPES.join(' '),
      ...claims,
    });
    return this.callWith(method, path, token, replica);
  }

  async callWith(method: string, path: string, token: string, replica = 0): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(this.urls[replica]! + path, { method, headers });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown> };
  }

  /** A token of a login of the user, for what this server tells about oneself. */
  async ownToken(subject: string, life: number | undefined, claims: Record<string, unknown> = {}): Promise<string> {
    const [jti, audience, clientId] = [randomUUID(), 'auth-server-me', 'app'];
    const expiresAt = seconds() + 300;
    const of = { subject, clientId, audiences: [audience], grantId: randomUUID(), expiresAt };
    await this.stores[0]!.tokens.record({ jti, ...of, ...(life !== undefined && { subjectLife: life }) });
    const scope = 'activity.read activity.stop';
    const standard = {
      iss: ISSUER,
      sub: subject,
      aud: audience,
      client_id: clientId,
      scope,
      iat: seconds(),
      exp: expiresAt,
      jti,
    };
    return this.keys.sign({ ...standard, ...claims }, { typ: 'at+jwt' });
  }

  /** The last record that matches. */
  async record(query: Record<string, unknown> = { type: 'token_exchange' }): Promise<Record<string, unknown>> {
    const { records } = await this.stores[0]!.trail.query({ ...query, limit: 1 });
    return { ...records[0]?.event };
  }

  /** Ends whatever is under way. */
  async clear(): Promise<void> {
    const { body } = await this.call('GET', '/admin/impersonations');
    for (const { id } of body['impersonations'] as { id: string }[])
      await this.call('DELETE', `/admin/impersonations/${id}`);
  }
}
