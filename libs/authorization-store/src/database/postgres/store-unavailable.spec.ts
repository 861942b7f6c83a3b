import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { StoreUnavailable, toStoreError } from './store-unavailable.js';

function answered(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('an answer', 9, 'error'), { code });
}

describe('a failure of PostgreSQL', () => {
  it.each<[string, Error]>([
    ['a server that is not there', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a connection that is cut', new Error('Connection terminated unexpectedly')],
    ['a query that takes too long', new Error('Query read timeout')],
    ['a statement that the server has cancelled', answered('57014')],
    ['a server that shuts down', answered('57P01')],
    ['a server that starts', answered('57P03')],
    ['too many connections', answered('53300')],
    ['a standby', answered('25006')],
    ['a transaction that has waited for its client', answered('25P03')],
    ['the one that a deadlock is ended with', answered('40P01')],
  ])('is an outage: %s', (_, error) => {
    expect(toStoreError(error)).toMatchObject({ name: 'StoreUnavailable', retryAfter: 1, cause: error });
  });

  it.each(['23505', '42P01', '28P01', '40001', '25001'])('is what the server says: %s', (code) => {
    const error = answered(code);
    expect(toStoreError(error)).toBe(error);
  });

  it('tells its code, and what was said', () => {
    const { message, code } = new StoreUnavailable(answered('57P03'));
    expect([message, code]).toEqual(['The database is not available: an answer', '57P03']);
    const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(new StoreUnavailable(refused).message).toBe('The database is not available: ECONNREFUSED');
  });
});
