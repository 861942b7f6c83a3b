import { describe, expect, it } from '@jest/globals';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { createTestIssuer } from '@onbehalf/testing';
import { caseRegistrations, compareReadme } from '@onbehalf/testing-internal';
import {
  AccessTokenIssuer,
  authenticatedClient,
  deny,
  exchangeClaims,
  formatTokenResponse,
  JwtVerifier,
  narrow,
  OwnAccessTokenVerifier,
  RegisteredPolicy,
  toIssuedToken,
  TokenExchange,
  type AuditSink,
  type ExchangeState,
  type IssuedToken,
  type JwtIssuerOptions,
  type Permit,
  type PolicyRegistrations,
  type Rule,
  type TokenFacts,
  type TokenIssuer,
  type TokenVerifier,
  type VerificationContext,
} from '@onbehalf/token-exchange';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { ExchangeLab, signerOf, type SigningIssuer } from './exchange.fixture.js';

// #region rule
/** The ledger is closed at night, and all other tokens are short-lived then. */
const officeHours: Rule = {
  name: 'office-hours',
  judge({ at, targets }) {
    const hour = new Date(at * 1000).getUTCHours();
    if (hour >= 6 && hour < 20) return undefined;
    const toLedger = targets.some(({ resource }) => resource.audience === 'ledger');
    return toLedger ? deny('invalid_target', 'The ledger is closed') : narrow({ expiresAt: at + 60 });
  },
};
const additionalRules = [officeHours];
// #endregion

// #region verifier
/** Keys that an older system gave to users; `ownerOf` looks one up by its hash. */
class ApiKeyVerifier implements TokenVerifier {
  readonly types = ['urn:example:token-type:api-key'];

  async verify(token: string, { at }: VerificationContext): Promise<TokenFacts> {
    const subject = await ownerOf(token);
    if (subject === undefined) throw new TokenRejection('signature', 'The key is unknown');
    return { issuer, subject, audiences: ['user-service'], expiresAt: at + 60, scopes: ['user.read'] };
  }
}
// #endregion

// #region issuer
/** A receipt that says what was permitted, for a system that takes no access tokens. */
class ReceiptIssuer implements TokenIssuer {
  readonly types = ['urn:example:token-type:receipt'];
  constructor(readonly options: JwtIssuerOptions) {}

  async issue(permit: Permit): Promise<IssuedToken> {
    const jwtId = this.options.randomId();
    const claims = exchangeClaims(permit, this.options.issuer, jwtId);
    const token = await this.options.signer.sign(claims, { typ: 'receipt+jwt' });
    return toIssuedToken(permit, { token, jwtId, tokenType: 'N_A', scopes: [] });
  }
}
// #endregion

const issuer = 'http://localhost:9001';
const ownerOf = (key: string): Promise<string | undefined> => Promise.resolve(key === 'right' ? 'baeldung' : undefined);

const assemble = (
  server: SigningIssuer,
  registrations: PolicyRegistrations,
  state: ExchangeState,
  sink: AuditSink,
): TokenExchange => {
  const signer = signerOf(server);
  // #region assembly
  const exchange = new TokenExchange({
    issuer: server.issuer,
    policy: new RegisteredPolicy(registrations),
    state,
    verifiers: [new OwnAccessTokenVerifier(server), new JwtVerifier(server)],
    issuers: [new AccessTokenIssuer({ issuer: server.issuer, signer, randomId: () => crypto.randomUUID() })],
    sink,
    clock: systemClock,
  });
  // #endregion
  return exchange;
};

describe('the examples of the README', () => {
  it('are those tested here', () => {
    const shapes = [
      'const issued = await exchange.exchange(form, authenticatedClient(registration), { proof, traceId });',
      'const edge: Edge = {',
    ];
    expect(compareReadme(import.meta.url, shapes)).toEqual({ notQuoted: [], notTested: [] });
  });

  it('assembly: exchanges', async () => {
    const server = await createTestIssuer({ issuer });
    const state = {
      token: () => Promise.resolve({ revoked: false }),
      account: () => Promise.resolve({ enabled: true, protected: false }),
      use: () => Promise.resolve(true),
    };
    const exchange = assemble(server, caseRegistrations, state, {
      record: () => Promise.resolve(),
      recordIssued: () => Promise.resolve(true),
    });
    const [client] = caseRegistrations.clients;
    if (!client) throw new Error('no client');
    const form = await (await ExchangeLab.open({}, {}, { server })).form();
    const issued = await exchange.exchange(form, authenticatedClient(client));
    expect(formatTokenResponse(issued)).toMatchObject({ token_type: 'Bearer', scope: 'message.read' });
  });

  it('rule: denies and narrows', async () => {
    const lab = await ExchangeLab.open({ additionalRules, clock: () => at });
    const subject = { exp: Date.UTC(2100, 0, 1) / 1000 };
    let at = Date.UTC(2050, 0, 1, 12) / 1000;
    expect((await lab.ask({ subject_token: await lab.token(subject) })).expiresIn).toBe(300);
    at = Date.UTC(2050, 0, 1, 23) / 1000;
    expect((await lab.ask({ subject_token: await lab.token(subject) })).expiresIn).toBe(60);
    const toLedger = {
      subject_token: await lab.token(subject),
      actor_token: await lab.token({ ...subject, sub: 'user-service' }),
      actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      audience: 'ledger',
      scope: 'ledger.read',
    };
    expect(await lab.refusal(toLedger)).toMatchObject({ code: 'invalid_target', rule: 'office-hours' });
  });

  it('verifier: takes the new subject token type', async () => {
    const verifiers = [new ApiKeyVerifier()];
    const edges = caseRegistrations.edges.map((edge) => ({ ...edge, subjectTypes: verifiers[0]?.types }));
    const lab = await ExchangeLab.open({ verifiers }, { edges });
    const [type] = lab.exchange.presentableTypes;
    expect(await lab.claims({ subject_token: 'right', subject_token_type: type })).toMatchObject({ sub: 'baeldung' });
    expect((await lab.refusal({ subject_token: 'wrong', subject_token_type: type })).code).toBe('invalid_request');
  });

  it('issuer: issues the new type where an edge allows it', async () => {
    const server = await createTestIssuer({ issuer });
    const receipts = new ReceiptIssuer({ issuer, signer: signerOf(server), randomId: () => 'receipt-1' });
    const edges = caseRegistrations.edges.map((edge) => ({ ...edge, issues: receipts.types }));
    const lab = await ExchangeLab.open({ issuers: [receipts] }, { edges }, { server });
    const issued = await lab.ask({ requested_token_type: receipts.types[0] });
    expect(issued).toMatchObject({ tokenType: 'N_A', jwtId: 'receipt-1', issuedTokenType: receipts.types[0] });
    expect(decodeProtectedHeader(issued.token).typ).toBe('receipt+jwt');
    expect(decodeJwt(issued.token)).toMatchObject({ sub: 'baeldung', aud: 'message-service' });
  });
});
