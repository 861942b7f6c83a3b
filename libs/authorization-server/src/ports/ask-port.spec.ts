import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import { askPort } from './ask-port.js';

const said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);

describe('a port of the application', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    jest.useRealTimers();
    said.mockClear();
  });

  it('that hangs is waited for no longer than 3 seconds, and the log names it', async () => {
    const asked = askPort('accounts.find', () => new Promise(() => undefined), z.string());
    const outcome = expect(asked).rejects.toMatchObject({ name: 'PortUnavailable', retryAfter: 5 });
    await jest.advanceTimersByTimeAsync(3000);
    await outcome;
    expect(said.mock.calls[0]?.[0]).toEqual({
      event: 'port.failed',
      port: 'accounts.find',
      reason: 'no answer within 3 seconds',
    });
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => JSON.parse('{') as unknown, 'JSON'],
    [
      'rejects with no error',
      () => ({ then: (_: unknown, reject: (reason: string) => void) => reject('no') }),
      'a thrown string',
    ],
    ['answers nonsense', () => ({ enabled: 'yes' }), 'enabled: '],
    ['answers nothing', () => undefined, 'the answer: '],
  ])('that %s is unavailable', async (_, ask, reason) => {
    await expect(askPort('accounts.find', ask, z.object({ enabled: z.boolean() }))).rejects.toThrow(
      'the port accounts.find does not answer',
    );
    expect((said.mock.calls[0]?.[0] as { reason: string }).reason).toContain(reason);
  });

  it('that answers is believed', async () => {
    await expect(askPort('accounts.verifyPassword', () => true, z.boolean())).resolves.toBe(true);
  });
});
