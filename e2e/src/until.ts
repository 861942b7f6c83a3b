import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the condition holds.
 * @param within milliseconds
 * @throws Error when the time is over
 */
export async function until(condition: () => Promise<boolean>, within = 20_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('It did not come true in time');
    await sleep(50);
  }
}
