import { types } from 'node:util';
import type { Outcome } from './outcome.js';

/** A profile that has thrown, has not answered in time, or has said what makes no sense. Holds no token. */
export class ProfileFault extends Error {
  constructor(
    message: string,
    /** Where it was thrown; without the message, which may hold the token. */
    readonly frames: readonly string[] = [],
  ) {
    super(message);
    this.name = 'ProfileFault';
  }
}

/**
 * Asks a profile, and does not wait for longer than it may take.
 * @param timeout seconds
 * @throws ProfileFault when it throws or is late
 */
export async function askProfile<Answer = Outcome>(
  ask: (signal: AbortSignal) => Answer | Promise<Answer>,
  timeout: number,
): Promise<Answer> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ProfileFault(`the profile has not answered within ${timeout} seconds`));
      deadline.abort();
    }, timeout * 1000);
  });
  try {
    // in a promise of its own, so that what is thrown at once is no different
    const answer = Promise.resolve().then(() => ask(deadline.signal));
    return await Promise.race([answer, late]);
  } catch (error) {
    throw error instanceof ProfileFault ? error : faultOf(error);
  } finally {
    clearTimeout(timer);
  }
}

function faultOf(error: unknown): ProfileFault {
  if (!types.isNativeError(error)) return new ProfileFault(`the profile has thrown a ${typeof error}`);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return new ProfileFault(
    `the profile has thrown ${/^\w+$/.test(error.name) ? error.name : 'an error'}`,
    frames.map((frame) => frame.trim()),
  );
}
