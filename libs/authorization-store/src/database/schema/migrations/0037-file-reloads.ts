import type { Migration } from '../migration.js';

/** How often replicas were told to read their configuration file again. */
export const fileReloads: Migration = {
  version: 37,
  name: '0037-file-reloads',
  compatibleFrom: 1,
  async up(transaction) {
    await transaction.insertInto('counters').values({ name: 'file_reloads', value: 0 }).execute();
  },
};
