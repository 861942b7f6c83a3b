import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { ExchangeLab } from './exchange.fixture.js';
import { formatTokenResponse, toIssuedToken, type TokenIssuer } from './index.js';

const at = (): number => Math.floor(Date.now() / 1000);

/** Tokens of a third party, which end when it has said so. */
const handedOut = (expiresAt: number): TokenIssuer => ({
  types: [TokenType.ConnectedAccount],
  issuesFor: 'third_party',
  issue: (permit) => {
    const made = { token: 'of the calendar', jwtId: randomUUID(), tokenType: 'Bearer', scopes: permit.scopes } as const;
    return Promise.resolve(toIssuedToken(permit, { ...made, expiresAt, members: { account: 'a', access_token: 'b' } }));
  },
});

const open = (expiresAt: number) => {
  const resources = [
    ...caseRegistrations.resources,
    { audience: 'calendar', kind: 'third_party' as const, scopes: ['calendar.read'] },
  ];
  const [edge] = caseRegistrations.edges;
  const toCalendar = {
    client: edge!.client,
    subjectAudience: edge!.subjectAudience,
    target: 'calendar',
    mode: 'delegation' as const,
    issues: [TokenType.ConnectedAccount, TokenType.AccessToken],
    sharesToken: true,
    scopes: { 'calendar.read': {} },
  };
  const edges = [...caseRegistrations.edges, toCalendar];
  const own: TokenIssuer = {
    types: [TokenType.AccessToken],
    issue: () => Promise.reject(new Error('a token of ours')),
  };
  return ExchangeLab.open({ issuers: [own, handedOut(expiresAt)] }, { resources, edges });
};

const wanted = { audience: 'calendar', scope: undefined, requested_token_type: TokenType.ConnectedAccount };

describe('what is asked for at a third party', () => {
  let lab: ExchangeLab;
  beforeAll(async () => {
    lab = await open(at() + 20);
  });

  it('is its own token, told no longer than it lives, with what its issuer says beside', async () => {
    const answer = formatTokenResponse(await lab.ask(wanted));
    expect(answer).toMatchObject({ access_token: 'of the calendar', account: 'a', scope: 'calendar.read' });
    expect(answer.expires_in).toBeLessThanOrEqual(20);
  });

  it('is told no longer than is permitted', async () => {
    const patient = await open(at() + 100_000);
    expect(formatTokenResponse(await patient.ask(wanted)).expires_in).toBeLessThanOrEqual(300);
  });

  it('is never a token of this server', async () => {
    expect(await lab.refusal({ ...wanted, requested_token_type: TokenType.AccessToken })).toMatchObject({
      code: 'invalid_target',
      description: 'requested_token_type is not issued for this target',
    });
  });

  it('has no other target beside it', async () => {
    const [other] = caseRegistrations.edges;
    const form = { ...wanted, audience: ['calendar', other!.target] as unknown as string };
    expect(await lab.refusal(form)).toMatchObject({ code: 'invalid_target' });
  });
});
