import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { systemClock, TokenType } from '@onbehalf/oauth-protocol';
import {
  caseRegistrations,
  createExchangeWorld,
  exchangeForm,
  subjectToken,
  type FormMutation,
} from '@onbehalf/testing-internal';
import {
  AccessTokenIssuer,
  authenticatedClient,
  OwnAccessTokenVerifier,
  RegisteredPolicy,
  TokenExchange,
  type Edge,
  type IssuedToken,
} from '@onbehalf/token-exchange';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { idTokens } from './index.js';

const toMessages: Edge = {
  client: 'user-service',
  subjectAudience: 'user-service',
  target: 'message-service',
  mode: 'delegation',
  scopes: { 'message.read': { requires: ['user.read'] } },
};

const fromBrowser: Edge = {
  ...toMessages,
  client: 'web-app',
  subjectAudience: 'web-app',
  scopes: { 'message.read': {} },
  subjectTypes: [TokenType.IdToken],
};

/** An exchange with this feature and real keys, over these edges. */
async function open(edges: readonly Edge[], resources = caseRegistrations.resources as object[]) {
  const world = await createExchangeWorld();
  const { server } = world;
  const registrations = { ...caseRegistrations, resources: resources as typeof caseRegistrations.resources, edges };
  const headers: object[] = [];
  const signer = {
    sign: (claims: object, header: { readonly typ: string }) => {
      headers.push(header);
      const protectedHeader = { typ: header.typ, alg: server.algorithms[0]!, kid: server.jwks.keys[0]!.kid! };
      return new SignJWT({ ...claims }).setProtectedHeader(protectedHeader).sign(server.privateKey);
    },
  };
  const jwt = { issuer: server.issuer, signer, randomId: randomUUID };
  const { verifiers = [], issuers = [] } = idTokens.register!({
    own: server,
    ...jwt,
  } as never);
  const exchange = new TokenExchange({
    issuer: server.issuer,
    policy: new RegisteredPolicy(registrations),
    state: {
      token: () => Promise.resolve({ revoked: false }),
      use: () => Promise.resolve(true),
      account: (subject) => Promise.resolve(caseRegistrations.accounts[subject]),
    },
    verifiers: [new OwnAccessTokenVerifier(server), ...verifiers],
    issuers: [new AccessTokenIssuer(jwt), ...issuers],
    sink: { record: () => Promise.resolve(), recordIssued: () => Promise.resolve(true) },
    clock: systemClock,
  });
  return {
    exchange,
    headers,
    /** An ID token, or another JWT of this server. */
    token: (claims: Readonly<Record<string, unknown>>) => subjectToken(world, { header: { typ: 'JWT' }, ...claims }),
    ask: async (mutation: FormMutation, clientId: string): Promise<IssuedToken> => {
      const client = registrations.clients.find((each) => each.clientId === clientId)!;
      return exchange.exchange(await exchangeForm(world, () => mutation), authenticatedClient(client));
    },
  };
}

const asIdToken = (token: string): FormMutation => ({ subject_token: token, subject_token_type: TokenType.IdToken });

describe('ID tokens as subjects (RFC 8693 §3, OpenID Connect Core §2)', () => {
  it.each([
    ['without typ', { header: { typ: undefined }, aud: 'web-app' }],
    ['with typ JWT', { aud: 'web-app', client_id: undefined, scope: undefined }],
    ['of several audiences, with the client as azp', { aud: ['web-app', 'another'], azp: 'web-app' }],
  ])('are exchanged by the client that they were issued to: %s', async (_name, claims) => {
    const { ask, token } = await open([fromBrowser]);
    const issued = await ask(asIdToken(await token(claims)), 'web-app');
    expect(decodeJwt(issued.token)).toMatchObject({ sub: 'baeldung', aud: 'message-service' });
  });

  it.each([
    ['issued to another', { aud: 'another' }],
    ['of another authorized party', { aud: 'web-app', azp: 'another' }],
    ['of several audiences, without azp', { aud: ['web-app', 'another'] }],
    ['without aud', { aud: undefined }],
    ['without iat', { aud: 'web-app', iat: undefined }],
    ['that are access tokens', { aud: 'web-app', header: { typ: 'at+jwt' } }],
    ['that are logout tokens', { aud: 'web-app', header: { typ: 'logout+jwt' } }],
  ])('are refused: %s', async (_name, claims) => {
    const { ask, token } = await open([fromBrowser]);
    const asked = ask(asIdToken(await token(claims)), 'web-app');
    await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('are taken only where the edge says so, and earn no scope by a scope claim', async () => {
    const scopes = { 'message.read': { requires: ['user.read'] } };
    const refusal = async (edge: Edge): Promise<unknown> => {
      const { ask, token } = await open([edge]);
      return ask(asIdToken(await token({ aud: 'web-app' })), 'web-app').catch((error: unknown) => error);
    };
    const unsaid = { ...fromBrowser, subjectTypes: undefined } as unknown as Edge;
    expect(await refusal(unsaid)).toMatchObject({ code: 'invalid_request', rule: 'subject-type' });
    expect(await refusal({ ...fromBrowser, scopes })).toMatchObject({ code: 'invalid_scope', rule: 'required-scope' });
  });
});

describe('ID tokens that are issued', () => {
  const asked = { requested_token_type: TokenType.IdToken };

  it('are issued only where the edge says so, as N_A and without scope', async () => {
    await expect((await open([toMessages])).ask(asked, 'user-service')).rejects.toMatchObject({
      rule: 'requested-type',
    });
    const { ask } = await open([{ ...toMessages, issues: [TokenType.IdToken] }]);
    const issued = await ask(asked, 'user-service');
    expect(issued).toMatchObject({ issuedTokenType: TokenType.IdToken, tokenType: 'N_A', scopes: [] });
    expect(decodeProtectedHeader(issued.token).typ).toBe('JWT');
    const claims = decodeJwt(issued.token);
    expect(claims).toMatchObject({ sub: 'baeldung', aud: 'message-service', azp: 'user-service' });
    expect(claims['act']).toMatchObject({ sub: 'user-service', iss: claims['iss'] });
    expect(claims).not.toHaveProperty('scope');
  });

  it('are signed by the algorithm of the resource', async () => {
    const resources = caseRegistrations.resources.map((resource) => ({ ...resource, signingAlgorithm: 'RS256' }));
    const { ask, headers } = await open([{ ...toMessages, issues: [TokenType.IdToken] }], resources);
    await ask(asked, 'user-service');
    expect(headers).toEqual([{ typ: 'JWT', alg: 'RS256' }]);
  });

  it('stand among the types that can be presented and requested', async () => {
    const { exchange } = await open([]);
    expect(exchange.presentableTypes).toEqual([TokenType.AccessToken, TokenType.IdToken]);
    expect(exchange.requestableTypes).toEqual([TokenType.AccessToken, TokenType.Jwt, TokenType.IdToken]);
  });
});
