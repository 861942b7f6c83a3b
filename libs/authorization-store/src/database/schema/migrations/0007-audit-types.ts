import { sql } from 'kysely';
import type { Migration } from '../migration.js';

/** Records of other types than the most common one are found by their type; an exchange has no entry here. */
export const auditTypes: Migration = {
  version: 7,
  name: '0007-audit-types',
  compatibleFrom: 1,
  async up(transaction) {
    await sql`create index audit_records_by_type on audit_records (type, at) where type <> 'token_exchange'`.execute(
      transaction,
    );
  },
};
