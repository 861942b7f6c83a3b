import { sql, type Transaction } from 'kysely';
import type { Migration } from '../migration.js';
import type { Schema } from '../schema.js';
import { index, table } from './table.js';

type Schemas = Transaction<Schema>;

/** The first schema. Times end in `_at` and are seconds since the epoch unless `schema.ts` says otherwise. */
export const initialSchema: Migration = {
  version: 1,
  name: '0001-initial',
  compatibleFrom: 1,
  async up(transaction) {
    await createProviderRecords(transaction);
    await createTokens(transaction);
    await createAudit(transaction);
    await createKeys(transaction);
    await transaction
      .insertInto('counters')
      .values([
        { name: 'revocation', value: 0 },
        { name: 'signing_keys', value: 0 },
      ])
      .execute();
  },
};

async function createProviderRecords(db: Schemas): Promise<void> {
  await table(
    db,
    'provider_records',
    ['model', 'id_hash', 'uid_hash?', 'user_code_hash?', 'grant_hash?', 'payload', 'sealed_with'],
    ['consumed_at?', 'expires_at?'],
  )
    .addPrimaryKeyConstraint('provider_records_key', ['model', 'id_hash'])
    .execute();
  for (const column of ['uid_hash', 'user_code_hash', 'grant_hash', 'expires_at', 'sealed_with']) {
    await index(db, 'provider_records', column);
  }
  await table(db, 'replays', ['key_hash'], ['expires_at'])
    .addPrimaryKeyConstraint('replays_key', ['key_hash'])
    .execute();
  await index(db, 'replays', 'expires_at');
}

async function createTokens(db: Schemas): Promise<void> {
  const texts = ['iss', 'jti', 'parent_iss?', 'parent_jti?', 'root_iss', 'root_jti', 'client_id', 'subject'];
  await table(
    db,
    'tokens',
    [...texts, 'session_id?', 'grant_id?', 'audiences'],
    ['recorded_at', 'expires_at', 'revoked_at?', 'revocation?'],
  )
    .addPrimaryKeyConstraint('tokens_key', ['iss', 'jti'])
    .execute();
  await index(db, 'tokens', 'parent_iss', 'parent_jti');
  await index(db, 'tokens', 'revocation', 'iss', 'jti');
  for (const column of ['client_id', 'subject', 'session_id', 'grant_id', 'expires_at']) {
    await index(db, 'tokens', column);
  }
  await table(db, 'revocation_marks', ['kind', 'key'], ['marked_at', 'expires_at'])
    .addPrimaryKeyConstraint('revocation_marks_key', ['kind', 'key'])
    .execute();
  await index(db, 'revocation_marks', 'expires_at');
  await table(db, 'counters', ['name'], ['value']).addPrimaryKeyConstraint('counters_key', ['name']).execute();
}

async function createAudit(db: Schemas): Promise<void> {
  const found = ['client_id?', 'subject?', 'actor?', 'jti?', 'parent_jti?', 'trace_id?'];
  await table(
    db,
    'audit_records',
    ['writer', 'previous_hash', 'hash', 'event', 'type', 'outcome?', ...found],
    ['sequence', 'at'],
  )
    .addPrimaryKeyConstraint('audit_records_key', ['writer', 'sequence'])
    .execute();
  await index(db, 'audit_records', 'at', 'writer', 'sequence');
  for (const column of ['client_id', 'subject', 'actor', 'jti', 'parent_jti', 'trace_id']) {
    await index(db, 'audit_records', column, 'at');
  }
  await table(db, 'audit_heads', ['writer', 'hash', 'seal', 'sealed_with'], ['sequence'])
    .addPrimaryKeyConstraint('audit_heads_key', ['writer'])
    .execute();
}

async function createKeys(db: Schemas): Promise<void> {
  await table(
    db,
    'signing_keys',
    ['kid', 'algorithm', 'state', 'public_jwk', 'private_jwk?', 'sealed_with?'],
    ['published_at', 'signing_at?', 'retired_at?', 'removed_at?'],
  )
    .addPrimaryKeyConstraint('signing_keys_key', ['kid'])
    .execute();
  // one key signs per algorithm, whatever the replicas try at the same time
  await sql`create unique index signing_keys_one_signs on signing_keys (algorithm) where state = 'signing'`.execute(db);
  await table(db, 'shared_secrets', ['name', 'value', 'sealed_with'], ['created_at'])
    .addPrimaryKeyConstraint('shared_secrets_key', ['name'])
    .execute();
}
