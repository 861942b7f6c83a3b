import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { causeOf, type RefusedMatter } from '../tokens/refusal-cause.js';
import { keycloak } from './keycloak.preset.js';

/** As a running Keycloak has answered; `npm run soak -- keycloak` compares them with one. */
const { refusals } = JSON.parse(
  readFileSync(new URL('../../../../examples/keycloak/facts.json', import.meta.url), 'utf8'),
) as {
  readonly refusals: readonly { readonly case: string; readonly error: string; readonly error_description: string }[];
};

/** What each is about, and the first word of what is to be looked at. */
const MEANT: Readonly<Record<string, readonly [RefusedMatter, string?]>> = {
  'an audience that is no client': ['set-up', 'audience'],
  'an audience that no scope brings along': ['set-up', 'audience'],
  'a scope that the client does not have': ['set-up', 'scope'],
  'a token of which the client is no audience': ['set-up', 'clientAuthentication'],
  'a client for which standard token exchange is off': ['set-up', 'clientAuthentication'],
  'a token that is called a JWT': ['set-up', 'preset'],
  'a token that is none, has ended or is of a session that has': ['subject-token'],
};

describe('the refusals of Keycloak as they are recorded', () => {
  it('each is known here', () => {
    expect(refusals.map((refusal) => refusal.case).sort()).toEqual(Object.keys(MEANT).sort());
  });

  it.each(refusals.map((refusal) => [refusal.case, refusal] as const))(
    '%s',
    (name, { error, error_description: description }) => {
      const { about, setting } = causeOf(error, description, keycloak.refusals);
      expect([about, setting?.split(' ')[0]]).toEqual([MEANT[name]![0], MEANT[name]![1]]);
    },
  );
});
