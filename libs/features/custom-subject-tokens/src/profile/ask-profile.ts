import { types } from 'node:util';
import type { Outcome } from './outcome.js';

const MOST_FRAMES = 20;

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
  const { message, stack = '' } = error;
  // behind the message, which may hold lines that look like frames
  const behind = stack.slice(Math.max(stack.indexOf(message), 0) + message.length);
  const frames = behind
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MOST_FRAMES);
  return new ProfileFault(
    `the profile has thrown ${/^\w+$/.test(error.name) ? error.name : 'an error'}`,
    frames.map((frame) => frame.trim()),
  );
}
