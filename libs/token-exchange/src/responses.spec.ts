import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations, exchangeCases, requirement } from '@onbehalf/testing-internal';
import { decodeJwt, decodeProtectedHeader, jwtVerify, createLocalJWKSet } from 'jose';
import { ExchangeLab, RECEIPT } from './exchange.fixture.js';
import { formatTokenResponse, TOKEN_RESPONSE_HEADERS } from './index.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

describe('RFC 8693 §2.2.1: successful response', () => {
  it(requirement('RFC8693-2.2.1-access-token', 'access_token is REQUIRED and holds the issued token'), async () => {
    const issued = await lab.ask();
    expect(formatTokenResponse(issued).access_token).toBe(issued.token);
  });

  it(requirement('RFC8693-2.2.1-issued-token-type', 'issued_token_type is REQUIRED'), async () => {
    for (const type of [TokenType.AccessToken, TokenType.Jwt]) {
      const issued = await lab.ask({ requested_token_type: type });
      expect(formatTokenResponse(issued).issued_token_type).toBe(type);
    }
  });

  it(
    requirement('RFC8693-2.2.1-token-type', 'token_type is REQUIRED, and N_A when the token is no access token'),
    async () => {
      expect(formatTokenResponse(await lab.ask()).token_type).toBe('Bearer');
      const edges = caseRegistrations.edges.map((edge) => ({ ...edge, issues: [RECEIPT] }));
      const open = await ExchangeLab.open({}, { edges });
      const response = formatTokenResponse(await open.ask({ requested_token_type: RECEIPT }));
      expect(response).toMatchObject({ token_type: 'N_A', issued_token_type: RECEIPT });
      expect(response).not.toHaveProperty('scope');
    },
  );

  it(requirement('RFC8693-2.2.1-expires-in', 'expires_in is RECOMMENDED, the lifetime in seconds'), async () => {
    const issued = await lab.ask();
    const { exp = 0, iat = 0 } = decodeJwt(issued.token);
    expect(formatTokenResponse(issued).expires_in).toBe(exp - iat);
  });

  it(requirement('RFC8693-2.2.1-scope', 'scope is REQUIRED when it differs from the requested scope'), async () => {
    const accounts = { baeldung: { enabled: true, protected: false, entitledScopes: ['mail.read'] } };
    const open = await ExchangeLab.open({ accounts });
    const narrowed = await open.ask({ audience: 'inbox', scope: 'mail.read inbox.sort' });
    expect(formatTokenResponse(narrowed).scope).toBe('mail.read');
    expect(formatTokenResponse(await lab.ask({ scope: undefined })).scope).toBe('message.read');
  });

  it('issues no refresh token', async () => {
    expect(formatTokenResponse(await lab.ask())).not.toHaveProperty('refresh_token');
  });

  it('is not to be stored (RFC 6749 §5.1)', () => {
    expect(TOKEN_RESPONSE_HEADERS['cache-control']).toBe('no-store');
  });
});

describe('RFC 8693 §2.2.2: error response', () => {
  const codeOf = (row: number): unknown[] =>
    exchangeCases.filter((one) => one.row === row).map(({ expected }) => 'error' in expected && expected.error);

  it(
    requirement(
      'RFC8693-2.2.2-error-response',
      'a request that is not valid MUST be answered by an error response of RFC 6749 §5.2',
    ),
    async () => {
      const refusal = await lab.refusal({ subject_token: undefined });
      expect(refusal).toMatchObject({ code: 'invalid_request', status: 400, description: expect.any(String) });
    },
  );

  describe(
    requirement(
      'RFC8693-2.2.2-invalid-request',
      'the value of the error parameter MUST be the invalid_request error code',
    ),
    () => {
      it.each([
        ['a request that is not valid', { subject_token: '' }],
        ['an invalid subject_token', { subject_token: 'x.y.z' }],
        ['an invalid actor_token', { actor_token: 'x.y.z', actor_token_type: TokenType.AccessToken }],
      ])('for %s', async (_name, mutation) => {
        expect((await lab.refusal(mutation)).code).toBe('invalid_request');
      });

      it('for tokens that are unacceptable by policy', async () => {
        for (const claims of [{ aud: 'message-service' }, { sub: 'former' }, { may_act: { sub: 'other' } }]) {
          expect((await lab.refusal({ subject_token: await lab.token(claims) })).code).toBe('invalid_request');
        }
      });
    },
  );

  it(
    requirement(
      'RFC8693-2.2.2-invalid-target',
      'an unwillingness to issue a token for a target SHOULD be told by invalid_target',
    ),
    async () => {
      for (const audience of ['nobody', 'unreachable']) {
        expect((await lab.refusal({ audience })).code).toBe('invalid_target');
      }
    },
  );

  it('covers every row of the table of bad input that the engine decides', () => {
    const decided = [...range(1, 11), 17, ...range(20, 55), 58, 59, 60, 61, 91, 92];
    expect(decided.filter((row) => codeOf(row).length === 0)).toEqual([]);
  });
});

describe('RFC 8693 §4: claims of the issued token', () => {
  it(requirement('RFC8693-4.2-scope', 'scope is a JSON string of space-separated scopes'), async () => {
    const claims = await lab.claims({ audience: 'inbox', scope: 'mail.read inbox.sort' });
    expect(claims['scope']).toBe('mail.read inbox.sort');
  });

  it(
    requirement('RFC8693-4.3-client-id', 'client_id carries the identifier of the client that requested the token'),
    async () => {
      expect((await lab.claims())['client_id']).toBe('user-service');
    },
  );
});

describe('RFC 8693 §6: privacy', () => {
  it(requirement('RFC8693-6-minimal', 'issued tokens SHOULD only include the minimally necessary data'), async () => {
    const subjectToken = await lab.token({ email: 'b@example.com', name: 'B', nonce: 'n', azp: 'x', groups: ['a'] });
    expect(Object.keys(await lab.claims({ subject_token: subjectToken })).sort()).toEqual(
      ['act', 'aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub'].sort(),
    );
  });
});

describe('RFC 9068 §2, §3: the access tokens that are issued', () => {
  it(requirement('RFC9068-2.1-signed', 'JWT access tokens MUST be signed'), async () => {
    const { token } = await lab.ask();
    await expect(jwtVerify(token, createLocalJWKSet(lab.world.server.jwks))).resolves.toBeDefined();
  });

  it(requirement('RFC9068-2.1-none', 'JWT access tokens MUST NOT use none as the signing algorithm'), async () => {
    expect(decodeProtectedHeader((await lab.ask()).token).alg).toBe('ES256');
  });

  it(requirement('RFC9068-2.1-typ', 'the media type application/at+jwt MUST be in the typ header'), async () => {
    expect(decodeProtectedHeader((await lab.ask()).token).typ).toBe('at+jwt');
  });

  it(requirement('RFC9068-2.2-claims', 'iss, exp, aud, sub, client_id, iat and jti are REQUIRED'), async () => {
    expect(await lab.claims()).toMatchObject({
      iss: lab.world.server.issuer,
      exp: expect.any(Number),
      aud: 'message-service',
      sub: 'baeldung',
      client_id: 'user-service',
      iat: expect.any(Number),
      jti: expect.any(String),
    });
  });

  it('gives every token an identifier of its own', async () => {
    const [one, other] = [await lab.ask(), await lab.ask()];
    expect(one.jwtId).not.toBe(other.jwtId);
    expect(decodeJwt(one.token).jti).toBe(one.jwtId);
  });

  it(
    requirement('RFC9068-2.2-sub', 'where no resource owner is involved, sub SHOULD identify the client'),
    async () => {
      const subjectToken = await lab.token({ sub: 'user-service', client_id: 'user-service' });
      expect((await lab.claims({ subject_token: subjectToken })).sub).toBe('user-service');
    },
  );

  it(requirement('RFC9068-2.2.3-scope', 'a token asked for with scope SHOULD include a scope claim'), async () => {
    expect((await lab.claims({ scope: 'message.read' }))['scope']).toBe('message.read');
  });

  it(
    requirement('RFC9068-2.2.3-meaning', 'every scope in the scope claim MUST have meaning for the resources in aud'),
    async () => {
      const shared = await lab.claims({ audience: ['inbox', 'archive'], scope: undefined });
      expect(shared).toMatchObject({ aud: ['inbox', 'archive'], scope: 'mail.read' });
      expect((await lab.refusal({ audience: ['inbox', 'archive'], scope: 'inbox.sort' })).code).toBe('invalid_scope');
    },
  );

  it(requirement('RFC9068-3-resource', 'aud SHOULD stand for the resource of the request'), async () => {
    expect(
      (await lab.claims({ audience: undefined, resource: 'https://mail.example/inbox', scope: 'mail.read' })).aud,
    ).toBe('inbox');
  });

  it(
    requirement('RFC9068-3-default', 'without resource the authorization server MUST use a default in aud'),
    async () => {
      expect((await lab.claims({ audience: undefined }, 'default-service')).aud).toBe('message-service');
      expect((await lab.refusal({ audience: undefined })).code).toBe('invalid_target');
    },
  );

  it(
    requirement('RFC9068-3-scope', 'scopes of different default resources SHOULD be answered with invalid_scope'),
    async () => {
      const refusal = await lab.refusal({ audience: undefined, scope: 'message.read mail.read' }, 'default-service');
      expect(refusal.code).toBe('invalid_scope');
    },
  );
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
