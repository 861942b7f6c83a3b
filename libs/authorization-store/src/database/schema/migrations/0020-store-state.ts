import { randomUUID } from 'node:crypto';
import type { Migration } from '../migration.js';
import { table } from './table.js';

/** What is known of this copy of the database: the epoch of the cursors, and when it was last seen to take a write. */
export const storeState: Migration = {
  version: 20,
  name: '0020-store-state',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'store_state', ['name', 'value'], [])
      .addPrimaryKeyConstraint('store_state_key', ['name'])
      .execute();
    await transaction
      .insertInto('store_state')
      .values([
        { name: 'epoch', value: randomUUID() },
        { name: 'written_at', value: '0' },
      ])
      .execute();
  },
};
