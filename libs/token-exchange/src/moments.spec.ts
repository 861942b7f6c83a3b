import { TokenRejection } from '@onbehalf/jwt-verification';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { describe, expect, it } from '@jest/globals';
import { ExchangeLab } from './exchange.fixture.js';
import {
  JwtVerifier,
  OwnAccessTokenVerifier,
  RegisteredPolicy,
  type ExchangeMoment,
  type ForeignIssuer,
  type TokenVerifier,
} from './index.js';

const none = { clients: [], resources: [], edges: [] };

describe('what requests are judged by, when it changes', () => {
  /** A lab whose moment becomes another one while the first subject token is verified. */
  const open = async (next: Partial<ExchangeMoment>): Promise<ExchangeLab> => {
    const { world } = await ExchangeLab.open();
    let moment: ExchangeMoment = {
      issuer: world.server.issuer,
      policy: new RegisteredPolicy(caseRegistrations),
      state: {
        token: () => Promise.resolve({ revoked: false }),
        use: () => Promise.resolve(true),
        account: () => Promise.resolve({ enabled: true, protected: false }),
      },
      foreignIssuers: [],
      trusted: [],
    };
    const verifier = new OwnAccessTokenVerifier(world.server);
    const verify: TokenVerifier['verify'] = async (...given) => {
      const facts = await verifier.verify(...given);
      moment = { ...moment, ...next };
      return facts;
    };
    return ExchangeLab.open({ now: () => moment, verifiers: [{ types: verifier.types, verify }] }, {}, world);
  };

  it('a request is judged to its end by what it began with, and the next one by what is in force then', async () => {
    const lab = await open({ policy: new RegisteredPolicy(none) });
    expect((await lab.ask()).expiresIn).toBeGreaterThan(0);
    expect((await lab.refusal()).code).toBe('unauthorized_client');
  });

  it('issuers of other domains are those of the moment', async () => {
    const lab = await ExchangeLab.open();
    const foreign: ForeignIssuer = { ...lab.world.server, issuer: 'https://partner.example' };
    const verifier = new JwtVerifier(lab.world.server);
    const token = await lab.token({ iss: foreign.issuer });
    const context = { at: Math.floor(Date.now() / 1000) } as Parameters<JwtVerifier['verify']>[1];
    await expect(verifier.verify(token, context)).rejects.toThrow(TokenRejection);
    const facts = await verifier.verify(token, { ...context, trusted: [foreign] });
    expect(facts.foreign).toEqual({ iss: foreign.issuer, sub: 'baeldung' });
  });
});
