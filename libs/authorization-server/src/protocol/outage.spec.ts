import { describe, expect, it } from '@jest/globals';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { retryAfterOf } from './outage.js';

const away = Object.assign(new Error('the database is away'), { retryAfter: 3 });

describe('seconds until it is worth to try again', () => {
  it.each<[string, unknown, number | undefined]>([
    ['what is out of reach says so', away, 3],
    ['what it has caused says it, too', new OAuthError('server_error', 'failed', { cause: away }), 3],
    ['however far away', new Error('outer', { cause: new Error('inner', { cause: away }) }), 3],
    ['a mistake says nothing', new Error('a mistake'), undefined],
    ['nor does what is no number', Object.assign(new Error('a mistake'), { retryAfter: '3' }), undefined],
    ['nor what is no error', { retryAfter: 3 }, undefined],
    ['nor nothing at all', undefined, undefined],
  ])('%s', (_, error, expected) => {
    expect(retryAfterOf(error)).toBe(expected);
  });
});
