import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerMetrics } from '@onbehalf/authorization-server';
import { openStore, RecordsRefused, type AuthorizationStore } from '@onbehalf/authorization-store';
import { OtlpCollector, type CollectedLog } from '@onbehalf/testing-internal';
import { auditForwarding } from './forward-audit.js';
import { OtlpAuditReceiver } from './otlp-audit-receiver.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

const ISSUED = {
  type: 'token_exchange',
  outcome: 'issued',
  kind: 'delegation',
  clientId: 'user-service',
  subject: 'baeldung',
  subjectIssuer: 'http://localhost:9001',
  actors: [{ sub: 'message-service', client_id: 'message-service' }, { sub: 'user-service' }],
  targets: ['message-service'],
  scopesRequested: ['message.read'],
  scopesGranted: ['message.read'],
  subjectTokenId: 'token-a',
  issuedTokenId: 'token-b',
  expiresAt: 1_900_000_000,
  traceId: TRACE,
};

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('It did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('audit records at an OpenTelemetry collector', () => {
  let collector: OtlpCollector;
  let store: AuthorizationStore;
  let metrics: ServerMetrics;

  beforeAll(async () => {
    collector = await OtlpCollector.start();
    // the exporter reads nothing else
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_TIMEOUT: '200' });
  });
  beforeEach(async () => {
    store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    metrics = new ServerMetrics();
    collector.logs.length = 0;
    collector.answering = undefined;
  });
  afterEach(() => store.close());
  afterAll(() => collector.close());

  const forward = async (endpoint: string | undefined = collector.url) => {
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint || undefined, OTEL_BLRP_SCHEDULE_DELAY: '10' };
    const [provider] = auditForwarding(settings, metrics);
    await (provider?.useFactory(store) as Promise<unknown>);
  };
  const arrived = async (type: string): Promise<CollectedLog> => {
    await until(() => collector.logs.some(({ attributes }) => attributes['onbehalf.audit.type'] === type));
    return collector.logs.find(({ attributes }) => attributes['onbehalf.audit.type'] === type)!;
  };
  const metric = async (line: string): Promise<string | undefined> =>
    (await metrics.expose()).split('\n').find((each) => each.startsWith(line));

  it('carry the decision in flat attributes, the receipt, and the trace of the request', async () => {
    await forward();
    const receipt = await store.audit.append(ISSUED);
    const log = await arrived('token_exchange');
    expect(log).toMatchObject({
      eventName: 'onbehalf.audit',
      severityText: 'INFO',
      traceId: TRACE,
      scope: 'onbehalf.audit',
      resource: { 'service.name': 'auth-server' },
    });
    expect(log.attributes).toEqual({
      'onbehalf.audit.writer': receipt.writer,
      'onbehalf.audit.sequence': receipt.sequence,
      'onbehalf.audit.hash': receipt.hash,
      'onbehalf.audit.previous_hash': expect.any(String),
      'onbehalf.audit.type': 'token_exchange',
      'onbehalf.audit.outcome': 'issued',
      'onbehalf.audit.kind': 'delegation',
      'onbehalf.audit.client_id': 'user-service',
      'onbehalf.audit.subject': 'baeldung',
      'onbehalf.audit.subject_issuer': 'http://localhost:9001',
      'onbehalf.audit.actors': ['message-service', 'user-service'],
      'onbehalf.audit.targets': ['message-service'],
      'onbehalf.audit.scopes_requested': ['message.read'],
      'onbehalf.audit.scopes_granted': ['message.read'],
      'onbehalf.audit.subject_token_id': 'token-a',
      'onbehalf.audit.issued_token_id': 'token-b',
      'onbehalf.audit.expires_at': 1_900_000_000,
    });
  });

  it('can be checked by their hash without the database', async () => {
    await forward();
    await store.audit.append({ ...ISSUED, subject: 'Zoë "\u2028' });
    const { attributes, timeUnixNano, body } = await arrived('token_exchange');
    const [writer, sequence, previous, hash] = ['writer', 'sequence', 'previous_hash', 'hash'].map(
      (name) => attributes[`onbehalf.audit.${name}`],
    );
    const text = JSON.stringify([writer, sequence, previous, Number(BigInt(timeUnixNano) / 1_000_000n), body]);
    expect(createHash('sha256').update(text).digest('base64url')).toBe(hash);
    expect(JSON.parse(String(body))).toMatchObject({ subject: 'Zoë "\u2028' });
  });

  it.each([
    ['issued', 'INFO'],
    ['accepted', 'INFO'],
    ['rejected', 'WARN'],
    ['failed', 'ERROR'],
  ])('say by their severity that an exchange was %s', async (outcome, severity) => {
    await forward();
    await store.audit.append({ type: 'token_exchange', outcome });
    expect((await arrived('token_exchange')).severityText).toBe(severity);
  });

  it.each([undefined, 'not-a-trace', '../../etc'])('have no trace context when the trace is %s', async (traceId) => {
    await forward();
    await store.audit.append({ type: 'token_exchange', ...(traceId && { traceId }) });
    expect((await arrived('token_exchange')).traceId).toBeUndefined();
  });

  it('are counted, and so is what waits while the collector is down', async () => {
    collector.answering = () => ({ status: 503 });
    await forward();
    await store.audit.append(ISSUED);
    expect(await metric('onbehalf_audit_forwarding_pending{forwarded_from="here"}')).toMatch(/ 2$/);
    collector.answering = undefined;
    await arrived('token_exchange');
    await until(() => collector.logs.length === 2);
    await store.close();
    store = await openStore({ url: 'sqlite::memory:' });
    expect(await metric('onbehalf_audit_forwarded_total')).toMatch(/ 2$/);
    expect(await metric('onbehalf_audit_forwarding_dropped_total')).toMatch(/ 0$/);
  });

  it('that the collector calls bad are passed over and counted', async () => {
    collector.answering = ({ body }) => (body.includes('indigestible') ? { status: 400 } : { body: {} });
    await forward();
    await store.audit.append({ type: 'indigestible' });
    await store.audit.append(ISSUED);
    await store.close();
    store = await openStore({ url: 'sqlite::memory:' });
    expect(await metric('onbehalf_audit_forwarding_dropped_total')).toMatch(/ 1$/);
    expect(await metric('onbehalf_audit_forwarded_total')).toMatch(/ 2$/);
  });

  it('stay where they are without a collector', async () => {
    await forward('');
    await store.audit.append(ISSUED);
    await store.close();
    expect(collector.logs).toEqual([]);
    store = await openStore({ url: 'sqlite::memory:' });
  });

  it.each([
    [400, RecordsRefused],
    [413, RecordsRefused],
    [401, Error],
    [404, Error],
    [500, Error],
    [503, Error],
  ])('an answer of %i is told without what the collector has said', async (status, type) => {
    collector.answering = () => ({ status, body: { message: 'you sent baeldung' } });
    const failure = await new OtlpAuditReceiver('auth-server').accept([]).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(type);
    expect(failure instanceof RecordsRefused).toBe(type === RecordsRefused);
    expect((failure as Error).message).not.toContain('baeldung');
  });
});
