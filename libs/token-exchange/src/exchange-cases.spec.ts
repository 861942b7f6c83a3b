import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  caseRegistrations,
  createExchangeWorld,
  exchangeCases,
  exchangeForm,
  type ExchangeWorld,
} from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { formatTokenResponse } from './index.js';
import { clientOf, createExchange } from './exchange.fixture.js';

describe('bad input and the answer to it', () => {
  let world: ExchangeWorld;

  beforeAll(async () => {
    world = await createExchangeWorld();
  });

  it.each(exchangeCases.map((one) => [one.row, one.name, one] as const))('row %i: %s', async (_row, _name, one) => {
    const exchange = createExchange(world.server, caseRegistrations, {
      accounts: caseRegistrations.accounts,
      revoked: [caseRegistrations.revokedTokenId],
    });
    const form = await exchangeForm(world, one.send);
    const context = one.proof ? { proof: { jkt: world.callerKey } } : {};
    const answer = exchange.exchange(form, clientOf(caseRegistrations, one.client ?? 'user-service'), context);
    if ('error' in one.expected) {
      const { error: code, parameters = {} } = one.expected;
      await expect(answer).rejects.toMatchObject({ name: 'ExchangeRefusal', code, parameters });
    } else {
      const issued = await answer;
      expect(decodeJwt(issued.token)).toMatchObject(one.expected.claims(world));
      expect(formatTokenResponse(issued)).toMatchObject(one.expected.response ?? {});
    }
  });
});
