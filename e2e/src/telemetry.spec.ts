import { mkdtempSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  basic,
  type CollectedLog,
  type CollectedSpan,
  OtlpCollector,
  postForm,
  UserAgent,
} from '@onbehalf/testing-internal';
import { APPS, System } from '../../tools/system.ts';
import { metricsExposed, metricsNamed } from './metrics-named.js';
import { Operator } from './operator.js';
import { until } from './until.js';
import { ownToken, USER_SERVICE } from './user-service-client.js';
import { JWT } from './jwt-pattern.js';

// servers start and stop in them
jest.setTimeout(60_000);

interface AuditRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
}

const settings = (collector: OtlpCollector): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
  OTEL_BLRP_SCHEDULE_DELAY: '50',
  OTEL_BSP_SCHEDULE_DELAY: '50',
});

describe('the audit trail at an OpenTelemetry collector', () => {
  let collector: OtlpCollector;
  let system: System;
  let subjectToken: string;
  let endpoint: string;

  beforeEach(async () => {
    collector = await OtlpCollector.start();
    const DATABASE_URL = `sqlite:${join(mkdtempSync(join(tmpdir(), 'telemetry-')), 'store.db')}`;
    system = await System.onFreePorts({ ...settings(collector), DATABASE_URL });
    await system.up('auth-server');
    endpoint = `${system.url('auth-server')}/oauth2/token`;
    subjectToken = await ownToken(system.url('auth-server'));
  });
  afterEach(async () => {
    await system.down();
    await collector.close();
  });

  async function exchange(count: number, audience = 'message-service'): Promise<number[]> {
    const fields = {
      grant_type: GrantType.TokenExchange,
      subject_token: subjectToken,
      subject_token_type: TokenType.AccessToken,
      audience,
      scope: 'message.read',
    };
    const answers = Array.from({ length: count }, () => postForm(endpoint, fields, { authorization: USER_SERVICE }));
    return (await Promise.all(answers)).map(({ status }) => status);
  }

  const exchanges = (): CollectedLog[] =>
    collector.logs.filter(({ attributes }) => attributes['onbehalf.audit.type'] === 'token_exchange');

  const told = (name: string): unknown[] => exchanges().map(({ attributes }) => attributes[`onbehalf.audit.${name}`]);

  /** Without those that came twice, as a receiver of at-least-once has to do. */
  const places = (): Set<string> => new Set(told('sequence').map(String));

  const inOrder = (one: { sequence?: unknown }, other: { sequence?: unknown }): number =>
    Number(one.sequence) - Number(other.sequence);

  async function trail(): Promise<AuditRecord[]> {
    const operator = await Operator.with('audit.read', system.url('auth-server'));
    const { records } = (await (await operator.fetch('/admin/audit?limit=1000')).json()) as { records: AuditRecord[] };
    return records;
  }

  async function scrape(): Promise<string> {
    const fields = { grant_type: GrantType.ClientCredentials, scope: 'metrics.read' };
    const { body } = await postForm(endpoint, fields, { authorization: basic('prometheus', 'prometheus-secret') });
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    return (await fetch(`${system.url('auth-server')}/metrics`, { headers })).text();
  }

  it('has the decisions with the receipts of the database, checked by their hash, and no token', async () => {
    await exchange(5);
    await exchange(2, 'nobody');
    await until(() => Promise.resolve(exchanges().length === 7));
    expect(told('outcome').sort()).toEqual([...Array<string>(5).fill('issued'), 'rejected', 'rejected']);
    const receipts = collector.logs.map(({ attributes, timeUnixNano, body }) => {
      const [writer, sequence, previous, hash] = ['writer', 'sequence', 'previous_hash', 'hash'].map(
        (name) => attributes[`onbehalf.audit.${name}`],
      );
      const text = JSON.stringify([writer, sequence, previous, Number(BigInt(timeUnixNano) / 1_000_000n), body]);
      expect(createHash('sha256').update(text).digest('base64url')).toBe(hash);
      return { writer, sequence, hash };
    });
    const stored = (await trail()).map(({ writer, sequence, hash }) => ({ writer, sequence, hash }));
    // who reads the trail gets a token, which is on record too
    expect(receipts.toSorted(inOrder)).toEqual(stored.toSorted(inOrder).slice(0, receipts.length));
    expect(stored.length).toBeLessThanOrEqual(receipts.length + 1);
    const sent = collector.requests.map(({ body }) => body).join();
    for (const part of subjectToken.split('.')) expect(sent).not.toContain(part);
    expect(sent).not.toMatch(JWT);
    expect(sent).not.toContain('user-service-secret');
  });

  it('alerts, dashboard and autoscaler name metrics that the server exposes, and labels that these have', async () => {
    await exchange(1);
    const exposed = metricsExposed(await scrape());
    const named = metricsNamed();
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(({ name }) => !exposed.has(name))).toEqual([]);
    // one that has never been counted tells no labels
    const told = named.filter(({ name }) => exposed.get(name)!.size > 0);
    expect(told.flatMap(({ name, labels }) => labels.filter((label) => !exposed.get(name)!.has(label)))).toEqual([]);
  });

  it('does not hold up an exchange while the collector is down, and has everything when it is back', async () => {
    const { port } = collector;
    await collector.close();
    for (let round = 0; round < 10; round += 1) expect(await exchange(10)).toEqual(Array(10).fill(200));
    await system.app('auth-server').printed('Audit records are not forwarded', 10_000);
    const metrics = await scrape();
    expect(metrics).toMatch(/onbehalf_audit_forwarding_pending\{forwarded_from="here"\} 10\d/);
    expect(metrics).toMatch(/onbehalf_audit_forwarding_dropped_total 0/);
    collector = await OtlpCollector.start(port);
    await until(() => Promise.resolve(places().size === 100));
    await system.app('auth-server').printed('Audit records are forwarded again');
  });

  it('has what was decided last when the server is told to stop', async () => {
    await exchange(20);
    expect(await system.app('auth-server').stop('SIGTERM')).toBe(0);
    expect(places().size).toBe(20);
  });

  it('gets from the next start what the server could not deliver before it ended', async () => {
    collector.answering = () => ({ status: 503 });
    await exchange(20);
    await system.app('auth-server').stop('SIGTERM');
    expect(places().size).toBe(0);
    collector.answering = undefined;
    await system.up('auth-server');
    await until(() => Promise.resolve(places().size === 20));
  });
});

describe('spans at an OpenTelemetry collector', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const BROWSER = 'b7ad6b7169203331';
  let collector: OtlpCollector;
  let system: System;
  let spans: readonly CollectedSpan[];

  beforeAll(async () => {
    collector = await OtlpCollector.start();
    system = await (await System.onFreePorts(settings(collector))).up();
    const agent = new UserAgent({ traceparent: `00-${TRACE}-${BROWSER}-01` });
    const login = await agent.follow(await agent.get(`${system.url('client-app')}/login`));
    await agent.follow(await agent.submit(login.url, { username: 'baeldung', password: 'password' }));
    const page = await agent.get(`${system.url('client-app')}/api/user/message`);
    expect(page.status).toBe(200);
    await system.down();
    spans = collector.spans.filter(({ traceId }) => traceId === TRACE);
  });
  afterAll(async () => {
    // also where the setup failed: what still runs would keep the tests from ending
    await system.down();
    await collector.close();
  });

  const service = ({ resource }: CollectedSpan): string => String(resource['service.name']);
  const parentOf = (span: CollectedSpan): CollectedSpan | undefined =>
    spans.find(({ spanId }) => spanId === span.parentSpanId);

  it('login, exchanges and message of one user are one tree across all services', () => {
    expect(new Set(spans.map(service))).toEqual(new Set(APPS));
    const roots = spans.filter((span) => parentOf(span) === undefined);
    expect(new Set(roots.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([BROWSER]));
    expect(new Set(roots.map(service))).toEqual(new Set(['client-app', 'auth-server']));
  });

  it('the exchange of message-service stands below that of user-service, below the page of client-app', () => {
    const token = (caller: string): CollectedSpan | undefined =>
      spans.find((span) => span.attributes['url.path'] === '/oauth2/token' && pathTo(span).includes(caller));
    const pathTo = (span: CollectedSpan | undefined): string[] =>
      span ? [...pathTo(parentOf(span)), service(span)].filter((name, index, all) => name !== all[index - 1]) : [];
    expect(pathTo(token('user-service'))).toEqual(['client-app', 'user-service', 'auth-server']);
    expect(pathTo(token('message-service'))).toEqual(['client-app', 'user-service', 'message-service', 'auth-server']);
  });

  it('hold no token, no code, no secret and no query', () => {
    const sent = collector.requests.filter(({ path }) => path === '/v1/traces').map(({ body }) => body);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.join()).not.toMatch(JWT);
    expect(sent.join()).not.toMatch(/\?|Bearer|Basic |code=|state=|-secret|"password"/);
  });
});

describe('without a collector', () => {
  it('nothing is loaded that would send anything', async () => {
    const system = await System.onFreePorts({ NODE_DEBUG: 'module' });
    await system.up('auth-server');
    await system.down();
    expect(system.output()).not.toMatch(/exporter-(logs|trace)-otlp-http/);
  });
});
