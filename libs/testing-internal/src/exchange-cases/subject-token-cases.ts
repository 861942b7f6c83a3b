import { createHmac } from 'node:crypto';
import { TokenType } from '@onbehalf/oauth-protocol';
import { base64url, CompactSign } from 'jose';
import { caseRegistrations } from './registrations.js';
import { subjectToken, type ExchangeCase, type ExchangeWorld } from './exchange-case.js';

type Overrides = (world: ExchangeWorld) => Readonly<Record<string, unknown>>;

const refused = (
  row: number,
  name: string,
  subject: (world: ExchangeWorld) => string | Promise<string>,
): ExchangeCase => ({
  row,
  name,
  send: async (world) => ({ subject_token: await subject(world) }),
  expected: { error: 'invalid_request' },
});

const refusedWith = (row: number, name: string, overrides: Overrides): ExchangeCase =>
  refused(row, name, (world) => subjectToken(world, overrides(world)));

/** Subject tokens that are refused. RFC 8693 §2.1, §2.2.2; RFC 9068 §4; RFC 8725 §3. */
export const subjectTokenCases: readonly ExchangeCase[] = [
  refused(20, 'bad signature', async (world) => tampered(await subjectToken(world))),
  {
    row: 20,
    name: 'bad signature, told to a client that depends on the codes of Spring',
    client: 'spring-service',
    send: async (world) => ({ subject_token: tampered(await subjectToken(world)) }),
    expected: { error: 'invalid_grant' },
  },
  refused(21, 'alg none', (world) => unsigned(world, { alg: 'none', typ: 'at+jwt' })),
  refused(22, 'HS256 keyed with the public key', (world) => signedWithPublicKey(world)),
  refusedWith(23, 'expired', ({ now }) => ({ exp: now - 60 })),
  refusedWith(24, 'not yet valid', ({ now }) => ({ nbf: now + 120 })),
  refused(25, 'untrusted issuer', (world) => world.stranger.token({ aud: 'user-service', scope: 'user.read' })),
  refused(25, 'a stranger under the name of the server', (world) =>
    world.stranger.token({ iss: world.server.issuer, aud: 'user-service', scope: 'user.read' }),
  ),
  refusedWith(26, 'an ID token declared as access_token', () => ({ header: { typ: 'JWT' }, nonce: 'n' })),
  {
    row: 26,
    name: 'an ID token declared as jwt',
    send: async (world) => ({
      subject_token: await subjectToken(world, { header: { typ: 'JWT' } }),
      subject_token_type: TokenType.Jwt,
    }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 27,
    name: 'an access token declared as id_token',
    client: 'web-app',
    send: async (world) => ({
      subject_token: await subjectToken(world, { aud: 'web-app' }),
      subject_token_type: TokenType.IdToken,
    }),
    expected: { error: 'invalid_request' },
  },
  ...['logout+jwt', 'txntoken+jwt', 'oauth-id-jag+jwt', 'dpop+jwt', 'secevent+jwt', 'client-authentication+jwt'].map(
    (typ) => refusedWith(28, `${typ} as access token`, () => ({ header: { typ } })),
  ),
  refusedWith(28, 'a logout token under the typ of an access token', () => ({
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })),
  refusedWith(28, 'a client assertion as access token', ({ server }) => ({
    header: { typ: undefined },
    iss: 'user-service',
    sub: 'user-service',
    aud: server.issuer,
  })),
  refused(29, 'an opaque token nobody knows', () => 'VGhpcyBpcyBub3QgYSB0b2tlbg'),
  refusedWith(29, 'a revoked token', () => ({ jti: caseRegistrations.revokedTokenId })),
  refusedWith(29, 'a token of a disabled account', () => ({ sub: 'former' })),
  refusedWith(29, 'a token of an account that does not exist', () => ({ sub: 'nobody' })),
  refusedWith(30, 'an audience that the client does not represent', () => ({ aud: 'message-service' })),
  refusedWith(30, 'an audience that begins like one of the client', () => ({ aud: 'user-service-2' })),
  {
    row: 31,
    name: 'an ID token of another client',
    client: 'web-app',
    send: async (world) => ({
      subject_token: await subjectToken(world, { header: { typ: 'JWT' }, aud: 'other-app' }),
      subject_token_type: TokenType.IdToken,
    }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 31,
    name: 'an ID token of the client itself is exchanged',
    feature: 'idTokens',
    client: 'web-app',
    send: async (world) => ({
      subject_token: await subjectToken(world, { header: { typ: 'JWT' }, aud: 'web-app', client_id: undefined }),
      subject_token_type: TokenType.IdToken,
    }),
    expected: { claims: () => ({ sub: 'baeldung', aud: 'message-service', act: { sub: 'web-app' } }) },
  },
  refusedWith(32, 'no aud', () => ({ aud: undefined })),
  refusedWith(32, 'an empty aud', () => ({ aud: [] })),
  refusedWith(92, 'an oversized token', () => ({ padding: 'x'.repeat(40_000) })),
  refused(92, '10,000 nested actors', (world) => withNestedActors(world, 10_000)),
  refused(92, 'more nested actors than any chain may have', (world) => withNestedActors(world, 17)),
];

function tampered(token: string): string {
  const [header, , signature] = token.split('.');
  const payload = base64url.encode(JSON.stringify({ sub: 'root', iss: 'http://localhost:9001', aud: 'user-service' }));
  return [header, payload, signature].join('.');
}

function unsigned({ server, now }: ExchangeWorld, header: object): string {
  const claims = {
    iss: server.issuer,
    sub: 'baeldung',
    aud: 'user-service',
    exp: now + 300,
    iat: now,
    jti: 'x',
    client_id: 'c',
  };
  return `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.`;
}

function signedWithPublicKey(world: ExchangeWorld): string {
  const [key] = world.server.jwks.keys;
  const input = unsigned(world, { alg: 'HS256', typ: 'at+jwt', kid: key?.kid }).slice(0, -1);
  return `${input}.${createHmac('sha256', JSON.stringify(key)).update(input).digest('base64url')}`;
}

// written as text: nesting that deep is more than JSON.stringify takes
function withNestedActors({ server, now }: ExchangeWorld, depth: number): Promise<string> {
  const act = '{"sub":"x","act":'.repeat(depth - 1) + '{"sub":"x"}' + '}'.repeat(depth - 1);
  const claims = {
    iss: server.issuer,
    sub: 'baeldung',
    aud: 'user-service',
    exp: now + 300,
    iat: now,
    jti: 'x',
    client_id: 'c',
  };
  const payload = `${JSON.stringify(claims).slice(0, -1)},"act":${act}}`;
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: server.algorithms[0] ?? '', kid: server.jwks.keys[0]?.kid, typ: 'at+jwt' })
    .sign(server.privateKey);
}
