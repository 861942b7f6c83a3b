import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { decodeProtectedHeader } from 'jose';
import { ExchangeLab } from './exchange.fixture.js';

describe('access tokens of a resource whose decoder knows no type but JWT', () => {
  let plain: ExchangeLab;
  let usual: ExchangeLab;

  beforeAll(async () => {
    usual = await ExchangeLab.open();
    const resources = usual.registrations.resources.map((resource) => ({ ...resource, typ: 'jwt' as const }));
    plain = await ExchangeLab.open({}, { resources });
  });

  it('are of that type', async () => {
    expect(decodeProtectedHeader((await plain.ask()).token).typ).toBe('JWT');
    expect(decodeProtectedHeader((await usual.ask()).token).typ).toBe('at+jwt');
  });

  it.each([TokenType.AccessToken, TokenType.Jwt])('are taken as %s, and only there', async (type) => {
    const sent = async (lab: ExchangeLab, claims: object = {}) => ({
      subject_token: await lab.token({ header: { typ: 'JWT' }, ...claims }),
      subject_token_type: type,
    });
    await expect(plain.ask(await sent(plain))).resolves.toBeDefined();
    expect((await usual.refusal(await sent(usual))).code).toBe('invalid_request');
  });

  it.each([['azp'], ['nonce'], ['at_hash'], ['scope']])('are no ID tokens, which %s tells', async (claim) => {
    const claims = { [claim]: claim === 'scope' ? undefined : 'x' };
    const subject = await plain.token({ header: { typ: 'JWT' }, ...claims });
    expect((await plain.refusal({ subject_token: subject })).code).toBe('invalid_request');
  });

  it('are for nobody without an audience', async () => {
    const subject = await plain.token({ header: { typ: 'JWT' }, aud: undefined });
    expect((await plain.refusal({ subject_token: subject })).code).toBe('invalid_request');
  });
});
