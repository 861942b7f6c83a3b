import { describe, expect, it } from '@jest/globals';
import { readStepUp, type StepUp } from './step-up.js';

const error = 'error="insufficient_user_authentication"';

describe('RFC 9470 §3: a challenge that asks for another authentication', () => {
  it.each<[string, string | null, StepUp | undefined]>([
    ['is none without a header', null, undefined],
    ['is none with another error', 'Bearer error="invalid_token", max_age=5', undefined],
    ['is none with another scheme', `Basic ${error}`, undefined],
    ['names authentication contexts', `Bearer ${error}, acr_values="gold silver"`, { acrValues: 'gold silver' }],
    ['names an age', `Bearer ${error}, max_age=60`, { maxAge: 60 }],
    ['names an age of nothing: now', `Bearer ${error}, max_age="0"`, { maxAge: 0 }],
    ['names both', `Bearer ${error}, acr_values="gold", max_age=5`, { acrValues: 'gold', maxAge: 5 }],
    ['names neither', `Bearer ${error}`, {}],
    ['names an age that is none', `Bearer ${error}, max_age=-1, acr_values=""`, {}],
  ])('%s', (_case, header, expected) => {
    expect(readStepUp(header)).toEqual(expected);
  });
});
