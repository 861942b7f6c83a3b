import { beforeAll, it } from '@jest/globals';

/** Milliseconds. */
const LIMIT = 60_000;

/**
 * Tests that wait for something else most of the time: each is a test of its own, and their waiting overlaps.
 * @param atOnce how many are under way at a time: all of them unless told
 */
export function together(
  stories: readonly (readonly [title: string, story: () => Promise<void>])[],
  atOnce = stories.length,
): void {
  let told: readonly Promise<void>[];
  beforeAll(() => {
    const lanes = Array.from({ length: atOnce }, () => Promise.resolve());
    told = stories.map(([, story], index) => {
      const ended = lanes[index % atOnce]!.then(story);
      // a failure belongs to its own test, and ends no other one
      lanes[index % atOnce] = ended.catch(() => undefined);
      return ended;
    });
  });
  it.each(stories.map(([title], index) => [title, index] as const))('%s', (_, index) => told[index], LIMIT);
}
