import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../schema/schema.js';

/** What is numbered; a counter's row lock is the lock of what it counts. */
export type Counter = 'revocation' | 'signing_keys' | 'registrations' | 'lives' | 'generation' | 'file_reloads';

/**
 * Takes the next number, and the lock until the transaction ends. Whoever comes second waits, so numbers are committed in
 * their order.
 */
export async function nextNumber(transaction: Transaction<Schema>, name: Counter): Promise<number> {
  const { value } = await transaction
    .updateTable('counters')
    .set((expression) => ({ value: expression('value', '+', 1) }))
    .where('name', '=', name)
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
}

/** Sets a number that is given from outside. */
export async function setNumber(transaction: Transaction<Schema>, name: Counter, value: number): Promise<void> {
  await transaction.updateTable('counters').set({ value }).where('name', '=', name).execute();
}

/** The last number that was taken and committed. */
export async function lastNumber(database: Kysely<Schema>, name: Counter): Promise<number> {
  const { value } = await database
    .selectFrom('counters')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return value;
}
