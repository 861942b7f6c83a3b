import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { endWithOthers } from './serve.js';

describe('a service that is wrong on purpose', () => {
  const listening = process.listeners('disconnect');
  afterEach(() => {
    jest.useRealTimers();
    for (const listener of process.listeners('disconnect')) {
      if (!listening.includes(listener)) process.removeListener('disconnect', listener);
    }
  });

  it('ends by itself after 30 seconds, and no sooner', () => {
    jest.useFakeTimers();
    const end = jest.fn();
    endWithOthers(end);
    jest.advanceTimersByTime(29_999);
    expect(end).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledWith(0);
  });
});
