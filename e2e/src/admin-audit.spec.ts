import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { basic, logIn, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

interface Record {
  event: { outcome: string; subject?: string; issuedTokenId?: string };
}
interface Node {
  record: Record;
  children: Node[];
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('the audit trail, over HTTP', () => {
  let system: System;
  let server: string;
  let operator: Operator;
  let issued: string[];

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
    server = system.url('auth-server');
    const { body } = await logIn({
      issuer: server,
      clientId: 'client-app',
      redirectUri: `${system.url('client-app')}/callback`,
      scope: 'openid user.read',
      authorization: basic('client-app', 'client-app-secret'),
    });
    const forMessages = await exchange(String(body['access_token']), 'user-service', 'message-service', 'message.read');
    const forProfile = await exchange(forMessages, 'message-service', 'user-service', 'user.read');
    issued = [forMessages, forProfile].map((token) => decodeJwt(token).jti!);
    await exchange('no token', 'user-service', 'message-service', 'message.read');
    operator = await Operator.with('audit.read', server);
  }, 30_000);

  afterAll(() => system.down());

  async function exchange(token: string, client: string, audience: string, scope: string): Promise<string> {
    const { body } = await postForm(
      `${server}/oauth2/token`,
      {
        grant_type: GrantType.TokenExchange,
        subject_token: token,
        subject_token_type: TokenType.AccessToken,
        audience,
        scope,
      },
      { authorization: basic(client, `${client}-secret`), traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    );
    return String(body['access_token']);
  }

  async function find(query: Readonly<globalThis.Record<string, string>>): Promise<Record[]> {
    const response = await operator.fetch(`/admin/audit?${new URLSearchParams(query).toString()}`);
    return ((await response.json()) as { records: Record[] }).records;
  }

  it('is closed without its scope', async () => {
    const other = await Operator.with('exchange.explain', server);
    expect((await other.fetch('/admin/audit')).status).toBe(403);
    expect((await fetch(`${server}/admin/audit`)).status).toBe(401);
  });

  it.each<[string, () => globalThis.Record<string, string>, string[]]>([
    ['the user', () => ({ subject: 'baeldung', type: 'token_exchange' }), ['issued', 'issued']],
    ['the type', () => ({ subject: 'baeldung', type: 'login' }), ['accepted']],
    ['the client', () => ({ client_id: 'user-service' }), ['rejected', 'issued']],
    ['the current actor', () => ({ actor: 'message-service' }), ['issued']],
    ['a token that was issued and exchanged', () => ({ jti: issued[0]! }), ['issued', 'issued']],
    ['the trace', () => ({ trace_id: TRACE }), ['rejected', 'issued', 'issued']],
    ['a time without requests', () => ({ client_id: 'user-service', to: '2026-01-01T00:00:00Z' }), []],
  ])('is found by %s, the newest first', async (_, query, outcomes) => {
    expect((await find(query())).map(({ event }) => event.outcome)).toEqual(outcomes);
  });

  it('comes in pages', async () => {
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const next = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await operator.fetch(`/admin/audit?trace_id=${TRACE}&limit=2${next}`);
      const page = (await response.json()) as { records: Record[]; cursor?: string };
      seen.push(...page.records);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(await find({ trace_id: TRACE }));
    expect((await operator.fetch('/admin/audit?cursor=made-up')).status).toBe(400);
  });

  it('tells the exchanges of a trace as a tree', async () => {
    const response = await operator.fetch(`/admin/audit/traces/${TRACE}`);
    const { exchanges } = (await response.json()) as { exchanges: Node[] };
    const [first, second] = exchanges;
    expect(first?.record.event.issuedTokenId).toBe(issued[0]);
    expect(first?.children.map(({ record }) => record.event.issuedTokenId)).toEqual([issued[1]]);
    expect(second?.record.event.outcome).toBe('rejected');
  });

  it('is exported as JSON Lines, the oldest first', async () => {
    const response = await operator.fetch(`/admin/audit/export?trace_id=${TRACE}`);
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Record).event.outcome)).toEqual(['issued', 'issued', 'rejected']);
  });
});
