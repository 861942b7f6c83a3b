import type { Migration } from '../migration.js';
import { index, table } from './table.js';

/** Clients, resources, edges and users that are changed at run time, and the counters of rate limits. */
export const registrations: Migration = {
  version: 2,
  name: '0002-registrations',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'registrations', ['kind', 'id', 'document'], ['version', 'changed_at'])
      .addPrimaryKeyConstraint('registrations_key', ['kind', 'id'])
      .execute();
    await table(transaction, 'rate_windows', ['key_hash'], ['hits', 'expires_at'])
      .addPrimaryKeyConstraint('rate_windows_key', ['key_hash'])
      .execute();
    await index(transaction, 'rate_windows', 'expires_at');
    await transaction.insertInto('counters').values({ name: 'registrations', value: 0 }).execute();
  },
};
