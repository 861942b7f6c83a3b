import { describe, expect, it } from '@jest/globals';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { StoreHealthIndicator } from './store.health.js';

describe('readiness of the store', () => {
  const check = (answer: () => Promise<void>) =>
    new StoreHealthIndicator({ check: answer } as AuthorizationStore, new HealthIndicatorService()).check('store');
  const failing = (failure: object) => () => Promise.reject(Object.assign(new Error('host db1, user admin'), failure));

  it('is up while the database answers', async () => {
    expect(await check(() => Promise.resolve())).toEqual({ store: { status: 'up' } });
  });

  it.each([
    ['ECONNREFUSED', { code: 'ECONNREFUSED' }, 'the database does not answer (ECONNREFUSED)'],
    ['an SQLSTATE', { code: '57P03' }, 'the database does not answer (57P03)'],
    ['no code', {}, 'the database does not answer'],
    ['a code that is none', { code: 'user admin' }, 'the database does not answer'],
  ])('tells why it is down: %s', async (_, failure, message) => {
    expect(await check(failing(failure))).toEqual({ store: { status: 'down', message } });
  });
});
