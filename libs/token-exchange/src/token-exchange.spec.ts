import { beforeEach, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { exchangeCases } from '@onbehalf/testing-internal';
import { clientOf, ExchangeLab, type Surroundings } from './exchange.fixture.js';
import {
  type AuditSink,
  type ExchangeAuditEvent,
  type IssuedToken,
  type TokenExchange,
  type TokenIssuer,
} from './index.js';

let lab: ExchangeLab;
let events: ExchangeAuditEvent[];
let recorded: IssuedToken[];
const sink: AuditSink = {
  record: (event) => Promise.resolve(void events.push(event)),
  recordIssued: (event, issued) => {
    events.push(event);
    recorded.push(issued);
    return Promise.resolve(true);
  },
};

beforeEach(() => {
  events = [];
  recorded = [];
});

const audited = async (surroundings: Surroundings = {}, into: AuditSink = sink): Promise<TokenExchange> => {
  lab = await ExchangeLab.open({ ...surroundings, sink: into });
  return lab.exchange;
};

const ask = async (exchange: TokenExchange, mutation = {}): Promise<IssuedToken> =>
  exchange.exchange(await lab.form(mutation), clientOf(lab.registrations, 'user-service'), {
    traceId: 'trace-1',
    workload: 'a',
  });

describe('one record for every request', () => {
  it('tells of an issued token who, for whom, what, when and why', async () => {
    const exchange = await audited();
    const subjectToken = await lab.token({ jti: 'token-a', act: { sub: 'gateway' } });
    const issued = await ask(exchange, { subject_token: subjectToken });
    expect(events).toEqual([
      {
        type: 'token_exchange',
        outcome: 'issued',
        time: expect.any(Number),
        clientId: 'user-service',
        kind: 'delegation',
        subject: 'baeldung',
        subjectIssuer: 'http://localhost:9001',
        actors: [
          { sub: 'user-service', iss: 'http://localhost:9001' },
          { sub: 'gateway', iss: 'http://localhost:9001' },
        ],
        subjectTokenId: 'token-a',
        issuedTokenId: issued.jwtId,
        issuedTokenType: TokenType.AccessToken,
        expiresAt: issued.expiresAt,
        targets: ['message-service'],
        scopesRequested: ['message.read'],
        scopesGranted: ['message.read'],
        decision: { edges: ['user-service:user-service:message-service:delegation'], steps: [] },
        traceId: 'trace-1',
        workload: 'a',
      },
    ]);
    expect(recorded).toEqual([issued]);
  });

  it('names the actor token, and the reason that was stated for an impersonation', async () => {
    const exchange = await audited();
    const actor = await lab.token({ jti: 'actor-1', sub: 'user-service' });
    const ledger = { audience: 'ledger', scope: 'ledger.read' };
    await ask(exchange, { ...ledger, actor_token: actor, actor_token_type: TokenType.Jwt });
    await ask(exchange, { audience: 'helpdesk', scope: 'helpdesk.view', reason: 'ticket 4711' });
    expect(events[0]).toMatchObject({ actorTokenId: 'actor-1' });
    expect(events[1]).toMatchObject({ kind: 'impersonation', statedReason: 'ticket 4711', actors: [] });
  });

  it('tells of a rejected request which rule refused and why', async () => {
    const exchange = await audited();
    const subjectToken = await lab.token({ aud: 'message-service', jti: 'stolen' });
    await expect(ask(exchange, { subject_token: subjectToken })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(events).toEqual([
      expect.objectContaining({
        outcome: 'rejected',
        rule: 'subject-audience',
        error: 'invalid_request',
        reason: 'the token is for message-service; the client represents user-service',
        subject: 'baeldung',
        subjectTokenId: 'stolen',
        traceId: 'trace-1',
        workload: 'a',
      }),
    ]);
  });

  it('tells how policy came to its decision: the edge, and each rule that narrowed or refused, with the limits', async () => {
    const exchange = await audited();
    await ask(exchange, { audience: 'inbox', scope: 'mail.read' });
    await ask(exchange, { scope: 'message.write' }).catch(() => undefined);
    expect(events.map(({ decision }) => decision)).toEqual([
      {
        edges: ['user-service:user-service:inbox:delegation'],
        steps: [
          {
            rule: 'requested-scope',
            before: { scopes: ['mail.read', 'inbox.sort'] },
            after: { scopes: ['mail.read'] },
          },
        ],
      },
      {
        edges: ['user-service:user-service:message-service:delegation'],
        steps: [{ rule: 'requested-scope', before: { scopes: expect.any(Array), expiresAt: expect.any(Number) } }],
      },
    ]);
  });

  it('records eight targets and 256 characters of a value at most, and marks what it cuts', async () => {
    const exchange = await audited();
    const many = Array.from({ length: 5000 }, (_, index) => `https://nobody.test/${index}`);
    const form = await lab.form({ scope: 's'.repeat(20_000), reason: 'r'.repeat(20_000) });
    form.delete('audience');
    for (const target of many) form.append('resource', target);
    await exchange.exchange(form, clientOf(lab.registrations, 'user-service')).catch(() => undefined);
    const [event] = events;
    expect(JSON.stringify(event).length).toBeLessThan(8000);
    expect(event?.targets.length).toBeLessThanOrEqual(8);
    const { scopesRequested = [], statedReason = '' } = event!;
    for (const value of [...scopesRequested, statedReason]) expect(value.length).toBeLessThanOrEqual(256);
  });

  it('tells of a request that cannot even be parsed', async () => {
    await expect(ask(await audited(), { grant_type: undefined })).rejects.toBeDefined();
    expect(events).toEqual([expect.objectContaining({ outcome: 'rejected', rule: 'request', targets: [] })]);
  });

  it('tells of an unknown target as it was sent', async () => {
    await expect(ask(await audited(), { audience: 'nobody' })).rejects.toBeDefined();
    expect(events[0]).toMatchObject({ rule: 'target', targets: ['nobody'] });
  });

  it('tells of a failure of what the server depends on', async () => {
    const state = {
      token: () => Promise.reject(new Error('no connection')),
      account: () => Promise.resolve(undefined),
      use: () => Promise.resolve(true),
    };
    await expect(ask(await audited({ state }))).rejects.toMatchObject({ code: 'server_error', rule: 'exchange' });
    expect(events).toEqual([expect.objectContaining({ outcome: 'failed', error: 'server_error' })]);
  });

  it('tells of an issuer that fails', async () => {
    const issuers: TokenIssuer[] = [
      { types: [TokenType.AccessToken], issue: () => Promise.reject(new Error('no key')) },
    ];
    await expect(ask(await audited({ issuers }))).rejects.toMatchObject({ code: 'server_error' });
    expect(events).toEqual([expect.objectContaining({ outcome: 'failed' })]);
  });

  it('is exactly one for each of the cases of bad input, and holds no token', async () => {
    const exchange = await audited();
    for (const [index, one] of exchangeCases.entries()) {
      const form = await lab.form(await one.send(lab.world));
      const client = clientOf(lab.registrations, one.client ?? 'user-service');
      await exchange.exchange(form, client).catch(() => undefined);
      expect(events).toHaveLength(index + 1);
      const record = JSON.stringify(events.at(-1));
      for (const name of ['subject_token', 'actor_token']) {
        for (const part of form.getAll(name).flatMap((token) => token.split('.'))) {
          if (part.length > 8) expect(record).not.toContain(part);
        }
      }
    }
  });

  it.each(['audience', 'resource', 'scope', 'reason'])('holds no token that was sent as %s', async (parameter) => {
    const exchange = await audited();
    const token = await lab.token();
    const value = parameter === 'resource' ? `urn:${token}` : token;
    await ask(exchange, { audience: undefined, [parameter]: value }).catch(() => undefined);
    await ask(exchange, { [parameter]: value }).catch(() => undefined);
    expect(events).toHaveLength(2);
    expect(JSON.stringify(events)).not.toContain(token.split('.')[1]);
  });
});

describe('a record that cannot be written', () => {
  const fail = () => Promise.reject(new Error('disk full'));
  const failing: AuditSink = { record: fail, recordIssued: fail };
  const raise = () => {
    throw new Error('disk full');
  };
  const throwing: AuditSink = { record: raise, recordIssued: raise };

  it.each([failing, throwing])('withholds the token', async (broken) => {
    const exchange = await audited({}, broken);
    await expect(ask(exchange)).rejects.toMatchObject({ code: 'server_error', rule: 'audit' });
  });

  it.each([failing, throwing])('does not turn a refusal into anything else', async (broken) => {
    const exchange = await audited({}, broken);
    await expect(ask(exchange, { audience: 'nobody' })).rejects.toMatchObject({ code: 'invalid_target' });
  });
});

describe('a token whose origin was revoked while it was being made', () => {
  const late: AuditSink = { ...sink, recordIssued: () => Promise.resolve(false) };

  it('does not leave, and the record says so', async () => {
    const exchange = await audited({}, late);
    const refusal = { code: 'invalid_request', rule: 'subject-state', description: 'subject_token is not acceptable' };
    await expect(ask(exchange)).rejects.toMatchObject(refusal);
    expect(events).toEqual([expect.objectContaining({ outcome: 'rejected', reason: 'revoked meanwhile' })]);
    expect(events[0]).not.toHaveProperty('issuedTokenId');
  });

  it('is refused in the words that the client depends on', async () => {
    const exchange = await audited({}, late);
    const client = { ...clientOf(lab.registrations, 'user-service'), compatible: 'spring' as const };
    await expect(exchange.exchange(await lab.form(), client)).rejects.toMatchObject({ code: 'invalid_grant' });
  });
});

describe('an explanation', () => {
  it('leaves no record', async () => {
    const exchange = await audited();
    const explanation = await exchange.explain(await lab.form(), clientOf(lab.registrations, 'user-service'));
    expect(explanation.outcome).toBe('permitted');
    expect(events).toEqual([]);
  });
});
