import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { clientOf, ExchangeLab, engineCases } from '../exchange.fixture.js';
import type { Explanation, TokenIssuer } from '../index.js';
import { finalRules, standardRules } from '../rules/standard-rules.js';

const minted: unknown[] = [];
const counting: TokenIssuer = {
  types: [TokenType.AccessToken],
  issue: (permit) => Promise.reject(new Error(`minted ${minted.push(permit)}`)),
};

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open({ issuers: [counting] });
});

const explain = async (mutation = {}, context = {}): Promise<Explanation> =>
  lab.exchange.explain(await lab.form(mutation), clientOf(lab.registrations, 'user-service'), context);

describe('explain', () => {
  it('needs no context', async () => {
    const client = clientOf(lab.registrations, 'user-service');
    expect(await lab.exchange.explain(await lab.form(), client)).toMatchObject({ outcome: 'permitted' });
  });

  it('tells what would be granted, and what every rule did to the limits, without minting', async () => {
    const explanation = await explain({ audience: 'inbox', scope: 'mail.read' });
    expect(explanation).toMatchObject({
      outcome: 'permitted',
      kind: 'delegation',
      subject: 'baeldung',
      actors: [{ sub: 'user-service' }],
      targets: ['inbox'],
      granted: { scopes: ['mail.read'], expiresAt: expect.any(Number) },
    });
    expect(explanation.steps.map(({ rule }) => rule)).toEqual(
      [...standardRules, ...finalRules].map(({ name }) => name),
    );
    expect(explanation.steps.find(({ rule }) => rule === 'requested-scope')).toMatchObject({
      before: { scopes: ['mail.read', 'inbox.sort'] },
      after: { scopes: ['mail.read'] },
    });
    expect(minted).toEqual([]);
  });

  it('tells which rule refused and why, and what was before it', async () => {
    const explanation = await explain({ scope: 'message.write' });
    expect(explanation).toMatchObject({
      outcome: 'refused',
      refusal: {
        rule: 'requested-scope',
        error: 'invalid_scope',
        reason: 'not granted for this target: message.write',
      },
    });
    expect(explanation).not.toHaveProperty('granted');
    expect(explanation.steps.at(-1)?.rule).toBe('authentication');
  });

  it('tells which stage refused where no rule was reached', async () => {
    expect(await explain({ subject_token: 'x' })).toEqual({
      outcome: 'refused',
      edges: [],
      refusal: {
        rule: 'subject-token',
        error: 'invalid_request',
        description: expect.any(String),
        reason: expect.any(String),
      },
      targets: ['message-service'],
      steps: [],
    });
    expect(await explain({ grant_type: undefined })).toMatchObject({ refusal: { rule: 'request' }, targets: [] });
  });

  it('judges by the proof of the caller too', async () => {
    const subject = { subject_token: await lab.token({ cnf: { jkt: 'key' } }) };
    expect(await explain(subject)).toMatchObject({ refusal: { rule: 'key-binding' } });
    expect(await explain(subject, { proof: { jkt: 'key' } })).toMatchObject({ outcome: 'permitted' });
  });

  it('judges an established subject in place of a token, which no exchange does', async () => {
    const client = clientOf(lab.registrations, 'user-service');
    const subject = {
      issuer: lab.world.server.issuer,
      subject: 'baeldung',
      audiences: ['user-service'],
      expiresAt: Math.floor(Date.now() / 1000) + 60,
      scopes: ['user.read'],
    };
    const form = new URLSearchParams({ audience: 'message-service', subject_token: 'not read' });
    expect(await lab.exchange.explain(form, client, { subject })).toMatchObject({
      outcome: 'permitted',
      subject: 'baeldung',
      granted: { scopes: ['message.read'] },
    });
    expect(await lab.exchange.explain(form, client, { subject: { ...subject, scopes: [] } })).toMatchObject({
      outcome: 'refused',
    });
    const exchanging = lab.exchange.exchange(await lab.form({ subject_token: 'x' }), client, { subject } as object);
    await expect(exchanging).rejects.toMatchObject({ rule: 'subject-token' });
  });

  it('comes to the same answer as the exchange, for every case', async () => {
    const real = await ExchangeLab.open();
    for (const one of engineCases) {
      const form = await real.form(await one.send(real.world));
      const client = clientOf(real.registrations, one.client ?? 'user-service');
      const context = one.proof ? { proof: { jkt: real.world.callerKey } } : {};
      const explanation = await real.exchange.explain(form, client, context);
      const expected = 'error' in one.expected ? one.expected.error : undefined;
      expect([one.name, explanation.refusal?.error]).toEqual([one.name, expected]);
    }
  });
});
