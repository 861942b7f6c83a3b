import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { ExchangeLab } from '../exchange.fixture.js';
import type { ForeignIssuer } from '../index.js';

const ISSUER = 'https://partner.example';
const edge = {
  ...caseRegistrations.edges.find(({ client, target }) => client === 'user-service' && target === 'message-service')!,
  scopes: { 'message.read': {} },
  subjectIssuers: [ISSUER],
};

let partner: TestIssuer;
beforeAll(async () => {
  partner = await createTestIssuer({ issuer: ISSUER });
});

const openTo = (trust: Partial<ForeignIssuer>): Promise<ExchangeLab> =>
  ExchangeLab.open({ foreign: [{ ...partner, ...trust }] }, { edges: [edge] });

const jwt = async (claims: object) => ({
  subject_token: await partner.token({ sub: 'alice', aud: 'user-service', ...claims }),
  subject_token_type: TokenType.Jwt,
});

describe('a subject that an e-mail address names', () => {
  const subject = {
    claim: 'email',
    to: 'account' as const,
    domains: ['partner.example', 'bank.example'],
    accountOf: (email: string) => (/^bael@/i.test(email) ? 'baeldung' : undefined),
  };
  const verified = { email: 'Bael@partner.example', email_verified: true };

  it('is the account with the address', async () => {
    expect(await (await openTo({ subject })).claims(await jwt(verified))).toMatchObject({ sub: 'baeldung' });
  });

  it.each<[string, object]>([
    ['not verified', { email_verified: false }],
    ['not said to be verified', { email_verified: undefined }],
    ['verified in another spelling', { email_verified: 'true' }],
    ['of a domain that the issuer does not own', { email: 'bael@example.com' }],
    ['of a domain below one that it owns', { email: 'bael@sub.partner.example' }],
    ['of a domain that ends as one that it owns', { email: 'bael@evilpartner.example' }],
    // which lower case makes the letter k
    ['of a domain with the sign of Kelvin', { email: 'bael@ban\u212A.example' }],
    ['no address', { email: 'partner.example' }],
    ['that of no account', { email: 'nobody@partner.example' }],
    ['left out', { email: undefined }],
  ])('is refused when the address is %s', async (_case, claims) => {
    const refusal = await (await openTo({ subject })).refusal(await jwt({ ...verified, ...claims }));
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
  });

  it('counts for nothing where no domain is the issuer’s', async () => {
    const open = await openTo({ subject: { claim: 'email', to: 'qualified' } });
    expect(await open.refusal(await jwt(verified))).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
  });
});

describe('the word of an issuer', () => {
  it.each(['id-jag', 'jwt-bearer'] as const)(
    'that is taken for %s alone names no subject of an exchange',
    async (usage) => {
      const refusal = await (await openTo({ usages: [usage] })).refusal(await jwt({}));
      expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
    },
  );

  it('is not taken for what this server said itself in the claim that names the subject', async () => {
    const open = await openTo({ subject: { claim: 'oid', to: 'qualified' } });
    const token = await jwt({ oid: `https://third.example#${open.world.server.issuer}#alice` });
    expect(await open.refusal(token)).toMatchObject({ rule: 'subject-token', code: 'invalid_request' });
  });

  it('is not taken for what this server said itself', async () => {
    const open = await openTo({});
    const own = open.world.server.issuer;
    for (const claims of [
      { sub: `${own}#alice` },
      { act: { sub: 'a', act: { sub: 'user-service', iss: own } } },
      { act: { sub: 'a', act: { sub: `${own}#user-service` } } },
      { act: { sub: 'a', act: { sub: own } } },
    ]) {
      expect(await open.refusal(await jwt(claims))).toMatchObject({ rule: 'subject-token', code: 'invalid_request' });
    }
  });
});
