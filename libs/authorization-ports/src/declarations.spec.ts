import { describe, expect, it } from '@jest/globals';
import { checkAuditField, snakeCase, table, type TableDeclaration } from './index.js';

const right: TableDeclaration = {
  name: 'tickets',
  columns: { id: { type: 'text' }, secret: { type: 'text', sealed: true }, ends: { type: 'integer' } },
  key: ['id'],
  expires: 'ends',
};

describe('the declaration of a table', () => {
  it('is taken as it is', () => {
    expect(table(right)).toBe(right);
  });

  it.each<[string, Partial<TableDeclaration>, string]>([
    ['a name in another case', { name: 'Tickets' }, '"Tickets"; accepted: names in snake_case'],
    ['a column in another case', { columns: { ...right.columns, seatNo: { type: 'text' } } }, '"seatNo"'],
    ['no key', { key: [] }, 'a key of at least one column'],
    ['a key that is no column', { key: ['number'] }, '"number"; accepted: columns of the table'],
    ['a sealed key', { key: ['secret'] }, '"secret"; accepted: columns that are not sealed'],
    ['a sealed index', { indexes: [['secret']] }, '"secret"; accepted: columns that are not sealed'],
    ['an end that is text', { expires: 'id' }, '"id"; accepted: an integer column for expires'],
    [
      'a sealed integer',
      { columns: { ...right.columns, n: { type: 'integer', sealed: true } } },
      '"n"; accepted: text',
    ],
    [
      'an optional key',
      { columns: { ...right.columns, id: { type: 'text', optional: true } } },
      '"id"; accepted: columns',
    ],
  ])('is refused with %s', (_name, change, message) => {
    expect(() => table({ ...right, ...change })).toThrow(message);
  });
});

describe('an audit field', () => {
  it('is in snake_case outside of records', () => {
    expect(snakeCase('ticketNumber')).toBe('ticket_number');
  });

  it.each(['ticket_number', 'Ticket', '', 'a b'])('is not called %j', (name) => {
    expect(() => checkAuditField({ name, description: '' })).toThrow('accepted: a name in camelCase');
  });
});
