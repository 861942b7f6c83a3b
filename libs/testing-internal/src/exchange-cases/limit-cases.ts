import { TokenType } from '@onbehalf/oauth-protocol';
import { subjectToken, type ExchangeCase } from './exchange-case.js';

/** Limits that only narrow, and the answer when they are kept. RFC 8693 §2.2.1, RFC 9449, RFC 8705, RFC 9470. */
export const limitCases: readonly ExchangeCase[] = [
  {
    row: 17,
    name: 'public client',
    client: 'public-app',
    send: () => ({}),
    expected: { error: 'unauthorized_client' },
  },
  {
    row: 17,
    name: 'disabled client',
    client: 'disabled-service',
    send: () => ({}),
    expected: { error: 'unauthorized_client' },
  },
  {
    row: 38,
    name: 'scope whose required scope the subject token lacks',
    send: async (world) => ({ subject_token: await subjectToken(world, { scope: 'user.write' }) }),
    expected: { error: 'invalid_scope' },
  },
  {
    row: 38,
    name: 'no scope is asked for, and none can be granted',
    send: async (world) => ({ subject_token: await subjectToken(world, { scope: undefined }), scope: undefined }),
    expected: { error: 'invalid_scope' },
  },
  {
    row: 36,
    name: 'targets that may share a token do',
    send: () => ({ audience: 'archive', resource: 'https://mail.example/inbox', scope: 'mail.read' }),
    expected: { claims: () => ({ aud: ['archive', 'inbox'], scope: 'mail.read' }), response: { scope: 'mail.read' } },
  },
  {
    row: 37,
    name: 'resource and audience of one service',
    send: () => ({ resource: 'https://messages.example/api' }),
    expected: { claims: () => ({ aud: 'message-service' }) },
  },
  {
    row: 55,
    name: 'bound client, no proof',
    client: 'bound-service',
    send: () => ({}),
    expected: { error: 'invalid_dpop_proof' },
  },
  {
    row: 55,
    name: 'bound client with its proof',
    client: 'bound-service',
    proof: true,
    send: () => ({}),
    expected: { claims: ({ callerKey }) => ({ cnf: { jkt: callerKey } }), response: { token_type: 'DPoP' } },
  },
  {
    row: 58,
    name: 'bound subject token, no proof',
    send: async (world) => ({ subject_token: await subjectToken(world, { cnf: { jkt: 'another-key' } }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 58,
    name: 'bound subject token, other key, no rebind allowed',
    proof: true,
    send: async (world) => ({ subject_token: await subjectToken(world, { cnf: { jkt: 'another-key' } }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 58,
    name: 'bound subject token, same key',
    proof: true,
    send: async (world) => ({ subject_token: await subjectToken(world, { cnf: { jkt: world.callerKey } }) }),
    expected: { claims: ({ callerKey }) => ({ cnf: { jkt: callerKey } }), response: { token_type: 'DPoP' } },
  },
  {
    row: 58,
    name: 'bound subject token, other key, rebind allowed',
    client: 'bound-service',
    proof: true,
    send: async (world) => ({ subject_token: await subjectToken(world, { cnf: { jkt: 'another-key' } }) }),
    expected: { claims: ({ callerKey }) => ({ cnf: { jkt: callerKey } }), response: { token_type: 'DPoP' } },
  },
  {
    row: 58,
    name: 'a binding that the server does not know',
    proof: true,
    send: async (world) => ({ subject_token: await subjectToken(world, { cnf: { kid: 'a-key' } }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 59,
    name: 'mTLS thumbprint mismatch',
    send: async (world) => ({
      subject_token: await subjectToken(world, { cnf: { 'x5t#S256': 'another-certificate' } }),
    }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 60,
    name: 'issued expiry is capped by the expiry of the subject token',
    send: async (world) => ({ subject_token: await subjectToken(world, { exp: world.now + 90 }) }),
    expected: { claims: ({ now }) => ({ exp: now + 90 }) },
  },
  {
    row: 61,
    name: 'stale auth_time where the edge demands fresh',
    send: async (world) => ({
      subject_token: await subjectToken(world, { auth_time: world.now - 600, acr: 'urn:example:mfa' }),
      audience: 'vault',
      scope: 'vault.open',
    }),
    expected: {
      error: 'insufficient_user_authentication',
      parameters: { max_age: 300, acr_values: 'urn:example:mfa' },
    },
  },
  {
    row: 61,
    name: 'no acr where the edge demands one',
    send: async (world) => ({
      subject_token: await subjectToken(world, { auth_time: world.now - 10 }),
      audience: 'vault',
      scope: 'vault.open',
    }),
    expected: {
      error: 'insufficient_user_authentication',
      parameters: { max_age: 300, acr_values: 'urn:example:mfa' },
    },
  },
  {
    row: 61,
    name: 'fresh and strong authentication is passed on as it was',
    send: async (world) => ({
      subject_token: await subjectToken(world, { auth_time: world.now - 10, acr: 'urn:example:mfa', amr: ['otp'] }),
      audience: 'vault',
      scope: 'vault.open',
    }),
    expected: { claims: ({ now }) => ({ auth_time: now - 10, acr: 'urn:example:mfa', amr: ['otp'] }) },
  },
  {
    row: 91,
    name: 'a client with a default target needs no audience, and may call an access token a jwt',
    client: 'default-service',
    send: () => ({ audience: undefined, subject_token_type: TokenType.Jwt, requested_token_type: TokenType.Jwt }),
    expected: { claims: () => ({ aud: 'message-service' }), response: { issued_token_type: TokenType.Jwt } },
  },
  {
    row: 91,
    name: 'a granted request is answered in full',
    send: () => ({}),
    expected: {
      claims: ({ server }) => ({
        iss: server.issuer,
        sub: 'baeldung',
        aud: 'message-service',
        scope: 'message.read',
        client_id: 'user-service',
        act: { sub: 'user-service' },
      }),
      response: {
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        scope: 'message.read',
      },
    },
  },
];
