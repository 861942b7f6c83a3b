import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { ExchangeLab } from '../exchange.fixture.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

const cases: [string, string, object | undefined, object][] = [
  ['a bad subject token', 'invalid_grant', undefined, { subject_token: 'x' }],
  ['an expired subject token', 'invalid_grant', { exp: 1 }, {}],
  ['a revoked subject token', 'invalid_grant', { jti: 'a-revoked-token' }, {}],
  ['a subject that does not exist', 'invalid_grant', { sub: 'nobody' }, {}],
  ['a bad actor token', 'invalid_grant', undefined, { actor_token: 'x', actor_token_type: TokenType.Jwt }],
  ['an actor that may_act does not name', 'invalid_grant', { may_act: { sub: 'other' } }, {}],
  ['a missing parameter', 'invalid_request', undefined, { subject_token: '' }],
  ['an unsupported token type', 'invalid_request', undefined, { subject_token_type: TokenType.Saml2 }],
  ['an audience of another client', 'invalid_request', { aud: 'message-service' }, {}],
  ['a scope beyond the edge', 'invalid_scope', undefined, { scope: 'message.write' }],
  ['an unknown target', 'invalid_target', undefined, { audience: 'nobody' }],
];

describe('a client that depends on the error codes of Spring', () => {
  it.each(cases)('is told of %s by %s', async (_name, code, claims, mutation) => {
    const request = { ...(claims && { subject_token: await lab.token({ ...claims }) }), ...mutation };
    expect((await lab.refusal(request, 'spring-service')).code).toBe(code);
  });

  it.each(cases)('while all others are told of %s as RFC 8693 §2.2.2 has it', async (_name, code, claims, mutation) => {
    const request = { ...(claims && { subject_token: await lab.token({ ...claims }) }), ...mutation };
    expect((await lab.refusal(request)).code).toBe(code.replace('invalid_grant', 'invalid_request'));
  });

  it('keeps rule, reason and description', async () => {
    const [strict, compatible] = [
      await lab.refusal({ subject_token: 'x' }),
      await lab.refusal({ subject_token: 'x' }, 'spring-service'),
    ];
    expect(compatible).toMatchObject({ rule: strict.rule, reason: strict.reason, description: strict.description });
  });
});
