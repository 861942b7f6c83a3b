import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { engineCases, ExchangeLab } from './exchange.fixture.js';
import { formatTokenResponse } from './index.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

describe('bad input and the answer to it', () => {
  it.each(engineCases.map((one) => [one.row, one.name, one] as const))('row %i: %s', async (_row, _name, one) => {
    const context = one.proof ? { proof: { jkt: lab.world.callerKey } } : {};
    const request = [await one.send(lab.world), one.client, context] as const;
    if ('error' in one.expected) {
      const { error: code, parameters = {} } = one.expected;
      expect(await lab.refusal(...request)).toMatchObject({ code, parameters });
    } else {
      const issued = await lab.ask(...request);
      expect(decodeJwt(issued.token)).toMatchObject(one.expected.claims(lab.world));
      expect(formatTokenResponse(issued)).toMatchObject(one.expected.response ?? {});
    }
  });
});
