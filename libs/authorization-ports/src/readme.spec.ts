import { expect, it } from '@jest/globals';
import { compareReadme } from '@onbehalf/testing-internal';
// #region table
import { table } from '@onbehalf/authorization-ports';

const tickets = table({
  name: 'tickets_sold',
  columns: { number: { type: 'text' }, holder: { type: 'text', sealed: true }, expires_at: { type: 'integer' } },
  key: ['number'],
  expires: 'expires_at',
});
// #endregion

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('declares a table', () => {
  expect(tickets).toMatchObject({ name: 'tickets_sold', key: ['number'], expires: 'expires_at' });
});
