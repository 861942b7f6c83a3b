import type { StoredKey } from '@onbehalf/authorization-ports';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';

/** When keys change. All in seconds. */
export interface KeySchedule {
  /** How long a key signs. */
  readonly signFor: number;
  /** How long a key is published before it may sign: longer than any guard keeps a key set. */
  readonly publishAhead: number;
  /** How long a key stays published after it signed: longer than any token that it signed. */
  readonly retireFor: number;
}

/** One step in the life of a key. */
export type KeyStep =
  | { readonly step: 'begin' | 'publish'; readonly algorithm: SigningAlgorithm }
  | { readonly step: 'sign' | 'remove'; readonly kid: string };

/**
 * What is to be done now, in the order publish → sign → retire → remove. One key of each algorithm always waits
 * published, so that guards know it already when it must take over at once.
 * @param now seconds since the epoch
 */
export function dueSteps(
  keys: readonly StoredKey[],
  algorithms: readonly SigningAlgorithm[],
  schedule: KeySchedule,
  now: number,
): readonly KeyStep[] {
  return [
    ...algorithms.flatMap((algorithm) => {
      const own = keys.filter((key) => key.algorithm === algorithm);
      return stepsOf(own, algorithm, schedule, now);
    }),
    ...keys
      .filter(({ state, retiredAt = now }) => state === 'retired' && now - retiredAt >= schedule.retireFor)
      .map(({ kid }) => ({ step: 'remove' as const, kid })),
  ];
}

function stepsOf(
  keys: readonly StoredKey[],
  algorithm: SigningAlgorithm,
  { signFor, publishAhead }: KeySchedule,
  now: number,
): readonly KeyStep[] {
  const signing = keys.find(({ state }) => state === 'signing');
  const [next, ...others] = keys.filter(({ state }) => state === 'published');
  if (!signing) return [{ step: 'begin', algorithm }];
  if (!next) return [{ step: 'publish', algorithm }];
  const isDue = now - (signing.signingAt ?? signing.publishedAt) >= signFor;
  if (!isDue || now - next.publishedAt < publishAhead) return [];
  const sign: KeyStep = { step: 'sign', kid: next.kid };
  return others.length > 0 ? [sign] : [sign, { step: 'publish', algorithm }];
}
