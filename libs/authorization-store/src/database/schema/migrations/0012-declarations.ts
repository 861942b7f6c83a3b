import type { Migration } from '../migration.js';
import { table } from './table.js';

/** What features have declared so far: their tables, and the audit fields that records are searched by. */
export const declarations: Migration = {
  version: 12,
  name: '0012-declarations',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'declarations', ['name', 'declaration'], [])
      .addPrimaryKeyConstraint('declarations_key', ['name'])
      .execute();
  },
};
