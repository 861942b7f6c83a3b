import { describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { clientOf, ExchangeLab, signerOf, type Surroundings } from './exchange.fixture.js';
import {
  AccessTokenIssuer,
  deny,
  ExchangeRefusal,
  type AuditMember,
  type ExchangeAuditEvent,
  type Permit,
  type Rule,
  type TokenVerifier,
} from './index.js';

const TICKET_TYPE = 'https://tickets.example/types/ticket';
const TYPES = { subjectTypes: [TokenType.AccessToken, TICKET_TYPE] };

const ticketVerifier: TokenVerifier = {
  types: [TICKET_TYPE],
  parameters: [{ name: 'ticket_pin', maxLength: 4 }],
  verify: (token, { at, parameters, parameter }) =>
    Promise.resolve({
      issuer: 'urn:example:tickets',
      subject: 'baeldung',
      audiences: ['user-service'],
      expiresAt: at + 60,
      scopes: ['user.read'],
      details: { ticket: token, pin: parameters['ticket_pin'], parameter },
    }),
};

const issuedBy =
  (issuer: string): TokenVerifier['verify'] =>
  async (token, context) => ({ ...(await ticketVerifier.verify(token, context)), issuer });

const quietRule: Rule = {
  name: 'quiet',
  parameters: [{ name: 'volume' }],
  judge: ({ request }) =>
    request.parameters['volume'] === 'loud' ? deny('invalid_request', 'Not so loud') : undefined,
};

const ticketMember: AuditMember = {
  name: 'ticket',
  of: ({ subject }, issued) => {
    const { ticket } = subject?.details ?? {};
    if (typeof ticket !== 'string') return undefined;
    return issued ? [ticket, issued.jwtId] : ticket;
  },
};

const open = (surroundings: Surroundings = {}): Promise<ExchangeLab> => {
  const edges = caseRegistrations.edges.map((edge) => ({ ...edge, ...TYPES, subjectIssuers: ['urn:example:tickets'] }));
  return ExchangeLab.open({ verifiers: [ticketVerifier], additionalRules: [quietRule], ...surroundings }, { edges });
};

const ticket = { subject_token: 'T-1', subject_token_type: TICKET_TYPE };

describe('parameters that a verifier, a rule or an issuer declares', () => {
  it('travel to all of them, and only they do', async () => {
    const permits: Permit[] = [];
    const lab = await open();
    const jwt = { issuer: lab.world.server.issuer, signer: signerOf(lab.world.server), randomId: () => 'jti' };
    const issuer = new AccessTokenIssuer(jwt);
    const keeping = await open({
      issuers: [
        {
          types: [TokenType.AccessToken],
          parameters: [{ name: 'paper' }],
          issue: (permit) => {
            permits.push(permit);
            return issuer.issue(permit);
          },
        },
      ],
    });
    await keeping.ask({ ...ticket, ticket_pin: '1234', volume: 'low', paper: 'blue', unknown: 'x' });
    expect(permits[0]).toMatchObject({
      parameters: { ticket_pin: '1234', volume: 'low', paper: 'blue' },
      details: { ticket: 'T-1', pin: '1234', parameter: 'subject_token' },
    });
    expect(Object.keys(permits[0]?.parameters ?? {})).toHaveLength(3);
    expect(keeping.exchange.parameters.slice(-3)).toEqual(['ticket_pin', 'volume', 'paper']);
    expect(await keeping.refusal({ ...ticket, volume: 'loud' })).toMatchObject({ rule: 'quiet' });
  });

  it('are sent once, not empty, and no longer than they may be', async () => {
    const lab = await open();
    const form = await lab.form({ ...ticket, volume: 'low' });
    form.append('volume', 'lower');
    expect(await lab.refusalOf(form)).toMatchObject({
      code: 'invalid_request',
      description: 'volume must not be repeated',
    });
    expect(await lab.refusal({ ...ticket, ticket_pin: '12345' })).toMatchObject({
      description: 'ticket_pin is too long',
    });
    expect(await lab.refusal({ ...ticket, volume: 'x'.repeat(2049) })).toMatchObject({
      description: 'volume is too long',
    });
    await expect(lab.ask({ ...ticket, volume: '' })).resolves.toBeDefined();
  });

  it.each([
    ['a parameter of the exchange', [{ name: 'audience' }]],
    ['what authenticates the client', [{ name: 'client_secret' }]],
    ['what another reads differently', [{ name: 'volume', maxLength: 3 }]],
    ['nothing', [{ name: '' }]],
  ])('cannot be %s', async (_name, parameters) => {
    await expect(open({ verifiers: [{ ...ticketVerifier, parameters }] })).rejects.toThrow(
      `parameters is "${parameters[0]?.name}"; accepted: a name that means nothing else`,
    );
  });
});

describe('a verifier', () => {
  it('knows what the token is to be exchanged for, and where the request comes from', async () => {
    const seen: unknown[] = [];
    const curious: TokenVerifier = {
      ...ticketVerifier,
      verify: (token, context) => {
        seen.push({ asked: context.asked, address: context.address });
        return ticketVerifier.verify(token, context);
      },
    };
    const lab = await open({ verifiers: [curious] });
    await lab.ask({ ...ticket, scope: 'message.read' }, 'user-service', { address: '192.0.2.1' });
    const asked = { requestedType: TokenType.AccessToken, audiences: ['message-service'], resources: [] };
    expect(seen).toEqual([{ asked: { ...asked, scopes: ['message.read'] }, address: '192.0.2.1' }]);
  });

  it('refuses in words of its own, with a status of its own, told to records and explanations', async () => {
    const busy = new ExchangeRefusal('subject-token', 'temporarily_unavailable', 'Too many', { status: 429 });
    const verifiers = [{ ...ticketVerifier, verify: () => Promise.reject(busy) }];
    const seen: ExchangeAuditEvent[] = [];
    const sink = {
      record: (event: ExchangeAuditEvent) => Promise.resolve(void seen.push(event)),
      recordIssued: () => Promise.resolve(true),
    };
    const status: AuditMember = { name: 'status', of: (_reached, _issued, refusal) => refusal?.status };
    const explainers = { status: (_reached: unknown, refusal?: ExchangeRefusal) => refusal?.status };
    const lab = await open({ verifiers, sink, auditMembers: [status], explainers });
    expect(await lab.refusal(ticket)).toMatchObject({ status: 429, code: 'temporarily_unavailable' });
    expect(seen).toEqual([expect.objectContaining({ outcome: 'rejected', status: 429 })]);
    const explanation = await lab.exchange.explain(await lab.form(ticket), clientOf(lab.registrations, 'user-service'));
    expect(explanation).toMatchObject({ outcome: 'refused', details: { status: 429 } });
  });
});

describe('a type that is its own issuer', () => {
  const own = { ...ticketVerifier, verify: issuedBy(TICKET_TYPE) };
  const edges = (subjectTypes: string[]) => caseRegistrations.edges.map((edge) => ({ ...edge, subjectTypes }));

  it('goes where an edge names the type, and nowhere else', async () => {
    const named = await ExchangeLab.open({ verifiers: [own] }, { edges: edges([TICKET_TYPE]) });
    await expect(named.ask(ticket)).resolves.toMatchObject({ subject: 'baeldung' });
    const unnamed = await ExchangeLab.open({ verifiers: [own] }, { edges: edges([TokenType.AccessToken]) });
    expect(await unnamed.refusal(ticket)).toMatchObject({ rule: 'subject-type', code: 'invalid_request' });
  });

  it('is not the issuer of tokens of another type', async () => {
    const verifiers = [{ ...ticketVerifier, verify: issuedBy('urn:example:other') }];
    const lab = await ExchangeLab.open({ verifiers }, { edges: edges([TICKET_TYPE, 'urn:example:other']) });
    expect(await lab.refusal(ticket)).toMatchObject({ rule: 'subject-issuer', code: 'invalid_request' });
  });
});

describe('token types', () => {
  it('are any absolute URIs (RFC 8693 §3)', async () => {
    await expect((await open()).ask(ticket)).resolves.toMatchObject({ subject: 'baeldung' });
    await expect(open({ verifiers: [{ ...ticketVerifier, types: ['ticket'] }] })).rejects.toThrow(
      'verifiers is "ticket"; accepted: token types that are absolute URIs',
    );
  });
});

describe('declared members of the record', () => {
  const told = async (members: readonly AuditMember[], mutation = {}): Promise<ExchangeAuditEvent[]> => {
    const events: ExchangeAuditEvent[] = [];
    const record = (event: ExchangeAuditEvent): Promise<true> => Promise.resolve(events.push(event)).then(() => true);
    const sink = { record: async (event: ExchangeAuditEvent) => void (await record(event)), recordIssued: record };
    const lab = await open({ auditMembers: members, sink });
    await lab.ask({ ...ticket, ...mutation }).catch(() => undefined);
    return events;
  };

  it('stand beside the others, for what is issued and for what is refused', async () => {
    expect(await told([ticketMember])).toEqual([
      expect.objectContaining({ outcome: 'issued', ticket: ['T-1', expect.any(String)] }),
    ]);
    expect(await told([ticketMember], { volume: 'loud' })).toEqual([
      expect.objectContaining({ outcome: 'rejected', ticket: 'T-1' }),
    ]);
    expect((await told([ticketMember], { subject_token_type: 'urn:example:unknown' }))[0]).not.toHaveProperty('ticket');
  });

  it('hold no token', async () => {
    const careless = { name: 'whole', of: () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' };
    const numbers = { name: 'count', of: () => 3 };
    expect((await told([careless, numbers]))[0]).toMatchObject({ whole: '[not recorded]', count: 3 });
  });

  it('that cannot be told keep a token back, but no refusal from being recorded', async () => {
    const broken: AuditMember = {
      name: 'broken',
      of: () => {
        throw new TypeError('oops');
      },
    };
    expect(await told([broken])).toEqual([expect.objectContaining({ outcome: 'failed', rule: 'audit' })]);
    expect(await told([broken], { volume: 'loud' })).toEqual([expect.objectContaining({ rule: 'quiet' })]);
  });

  it('cannot take the place of another', async () => {
    for (const name of ['subject', 'type', 'ticket']) {
      await expect(open({ auditMembers: [ticketMember, { ...ticketMember, name }] })).rejects.toThrow(
        `auditMembers is "${name}"; accepted: a name that no other member has`,
      );
    }
  });
});

describe('explanations', () => {
  it('hold what others have to say, how far the exchange ever came', async () => {
    const explainers = {
      tickets: ({ subject }: { subject?: { details: object } }) => subject && { bought: subject.details },
      silent: () => undefined,
    };
    const lab = await open({ explainers });
    const client = clientOf(lab.registrations, 'user-service');
    const granted = await lab.exchange.explain(await lab.form(ticket), client);
    expect(granted.details).toEqual({ tickets: { bought: { ticket: 'T-1', parameter: 'subject_token' } } });
    const refused = await lab.exchange.explain(await lab.form({ ...ticket, volume: 'loud' }), client);
    expect(refused).toMatchObject({ outcome: 'refused', details: { tickets: {} } });
    expect(await lab.exchange.explain(new URLSearchParams(), client)).not.toHaveProperty('details');
  });

  it('tell the verifiers that nothing may be used up', async () => {
    const told: boolean[] = [];
    const verifiers: TokenVerifier[] = [
      {
        ...ticketVerifier,
        verify: (token, context) => {
          told.push(context.explained);
          return ticketVerifier.verify(token, context);
        },
      },
    ];
    const lab = await open({ verifiers });
    await lab.exchange.explain(await lab.form(ticket), clientOf(lab.registrations, 'user-service'));
    await lab.ask(ticket);
    expect(told).toEqual([true, false]);
  });
});

describe('a token that is accepted once', () => {
  const once: TokenVerifier = {
    types: [TICKET_TYPE],
    verify: async (token, context) => ({
      ...(await ticketVerifier.verify(token, context)),
      ...(token !== 'nameless' && { jwtId: token }),
      singleUse: true,
    }),
  };

  it('is used up by the exchange that it brings about, and by no other request', async () => {
    const lab = await open({ verifiers: [once] });
    expect(await lab.refusal({ ...ticket, volume: 'loud' })).toMatchObject({ rule: 'quiet' });
    expect(await lab.refusal({ ...ticket, scope: 'message.write' })).toMatchObject({ code: 'invalid_scope' });
    const explained = await lab.exchange.explain(await lab.form(ticket), clientOf(lab.registrations, 'user-service'));
    expect(explained.outcome).toBe('permitted');
    await expect(lab.ask(ticket)).resolves.toBeDefined();
    expect(await lab.refusal(ticket)).toMatchObject({ code: 'invalid_request', rule: 'single-use' });
    await expect(lab.ask({ ...ticket, subject_token: 'T-2' })).resolves.toBeDefined();
  });

  it('wins one of many exchanges at once', async () => {
    const lab = await open({ verifiers: [once] });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lab.ask(ticket)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('must have an identifier to be known by', async () => {
    const lab = await open({ verifiers: [once] });
    const refusal = await lab.refusal({ ...ticket, subject_token: 'nameless' });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
  });
});
