import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from 'pino';
import { LogLevel } from './log-level.js';
import { createLogger } from './logging.js';

describe('the level of the logs', () => {
  let level: LogLevel;
  let logger: Logger;
  let lines: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    level = new LogLevel('info');
    logger = createLogger('app', level, { write: (line) => void lines.push(line) });
  });
  afterEach(() => void jest.useRealTimers());

  const says = (from: Logger): boolean => {
    const before = lines.length;
    from.debug('something');
    return lines.length > before;
  };

  it('is that of all loggers, whenever they were made', () => {
    const [before, redacted] = [logger.child({ context: 'x' }), logger.child({}, { redact: [] })];
    expect([logger, before, redacted].map(says)).toEqual([false, false, false]);
    level.set('debug');
    const after = before.child({ more: 1 });
    expect([logger, before, redacted, after].map(says)).toEqual([true, true, true, true]);
    level.set('warn');
    expect([logger, before, redacted, after].map(says)).toEqual([false, false, false, false]);
  });

  it('ends by itself where it is set for a while, and comes back to the one before', () => {
    level.set('warn');
    level.set('trace', 60);
    level.set('debug', 300);
    expect(level.until).toBe(Math.floor(Date.now() / 1000) + 300);
    jest.advanceTimersByTime(299_000);
    expect([level.current, says(logger)]).toEqual(['debug', true]);
    jest.advanceTimersByTime(1_000);
    expect([level.current, level.until, says(logger)]).toEqual(['warn', undefined, false]);
  });

  it('goes on where it is set again without an end', () => {
    level.set('debug', 60);
    level.set('debug');
    jest.advanceTimersByTime(3600_000);
    expect(level.current).toBe('debug');
  });
});
