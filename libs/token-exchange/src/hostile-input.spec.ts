import { beforeAll, describe, expect, it } from '@jest/globals';
import { exchangeCases, type FormMutation } from '@onbehalf/testing-internal';
import { ExchangeLab } from './exchange.fixture.js';

const FORM_BYTES = 56 * 1024;
let lab: ExchangeLab;

beforeAll(async () => {
  lab = await ExchangeLab.open();
  await lab.ask();
});

/** The milliseconds of the quickest of five refusals: what the work takes, not what the machine does beside it. */
async function timeOfRefusal(mutation: FormMutation): Promise<{ code: string; milliseconds: number }> {
  const form = await lab.form(mutation);
  let milliseconds = Infinity;
  let code = '';
  for (let run = 0; run < 5; run += 1) {
    const begin = performance.now();
    code = (await lab.refusalOf(form)).code;
    milliseconds = Math.min(milliseconds, performance.now() - begin);
  }
  return { code, milliseconds };
}

describe('hostile input takes bounded work', () => {
  const many = (length: number, value: (index: number) => string): string[] =>
    Array.from({ length }, (_, index) => value(index));

  it.each<[string, FormMutation, string]>([
    ['a token', { subject_token: 'x'.repeat(FORM_BYTES) }, 'invalid_request'],
    ['a token of dots', { subject_token: '.'.repeat(FORM_BYTES) }, 'invalid_request'],
    [
      'an actor token',
      { actor_token: 'eyJ'.repeat(FORM_BYTES / 3), actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      'invalid_request',
    ],
    ['a scope', { scope: 'a '.repeat(FORM_BYTES / 2) }, 'invalid_request'],
    ['a type', { requested_token_type: 'u'.repeat(FORM_BYTES) }, 'invalid_request'],
    ['a subject type', { subject_token_type: 'u'.repeat(FORM_BYTES) }, 'invalid_request'],
    ['a reason', { reason: ' '.repeat(FORM_BYTES) + 'x'.repeat(FORM_BYTES) }, 'invalid_request'],
    ['audiences', { audience: many(FORM_BYTES / 12, (index) => `${index}`) }, 'invalid_request'],
    [
      'parameters',
      Object.fromEntries(many(FORM_BYTES / 8, String).map((name) => [`p${name}`, 'x'])),
      'invalid_request',
    ],
    ['one audience', { audience: 'a'.repeat(FORM_BYTES) }, 'invalid_target'],
    ['one resource', { audience: undefined, resource: `https://${'a.'.repeat(FORM_BYTES / 2)}` }, 'invalid_target'],
  ])('a form of 56 KB full of %s', async (_name, mutation, expected) => {
    const { code, milliseconds } = await timeOfRefusal(mutation);
    expect(code).toBe(expected);
    expect(milliseconds).toBeLessThan(20);
  });

  it.each(exchangeCases.filter(({ row }) => row === 92).map((one) => [one.name, one] as const))(
    '%s',
    async (_name, one) => {
      const { code, milliseconds } = await timeOfRefusal(await one.send(lab.world));
      expect(code).toBe('invalid_request');
      expect(milliseconds).toBeLessThan(20);
    },
  );
});
