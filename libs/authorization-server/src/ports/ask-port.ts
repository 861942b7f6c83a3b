import { Logger } from '@nestjs/common';
import type { z } from 'zod';

/** Milliseconds. */
const PATIENCE = 3000;

const log = new Logger('AuthorizationServer');

/** A port of the application has failed, or has said what makes no sense: what hangs on it is refused for now. */
export class PortUnavailable extends Error {
  /** Seconds. */
  readonly retryAfter = 5;

  constructor(port: string, options?: ErrorOptions) {
    super(`the port ${port} does not answer`, options);
    this.name = 'PortUnavailable';
  }
}

/**
 * Asks what the application implements, for 3 seconds at most.
 * @param port as the log names it, such as `accounts.find`
 * @throws PortUnavailable
 */
export async function askPort<Answer>(port: string, ask: () => unknown, answer: z.ZodType<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 3 seconds')), PATIENCE);
  });
  try {
    // in a promise of its own, so that what is thrown at once is no different
    const given = await Promise.race([Promise.resolve().then(ask), late]);
    const { data, error } = answer.safeParse(given);
    if (error) throw new Error(`${error.issues[0]!.path.join('.') || 'the answer'}: ${error.issues[0]!.message}`);
    return data;
  } catch (error) {
    const reason = error instanceof Error ? error.message : `a thrown ${typeof error}`;
    log.error({ event: 'port.failed', port, reason }, 'what hangs on it is refused');
    throw new PortUnavailable(port);
  } finally {
    clearTimeout(timer);
  }
}
