import type { PostgresPoolClient } from 'kysely';

/** How connections reach the server: each its own, or through a pooler that gives one away after each transaction. */
export const POOLINGS = ['none', 'transaction'] as const;

/** One of {@link POOLINGS}. */
export type Pooling = (typeof POOLINGS)[number];

type Query = PostgresPoolClient['query'];

const BEGINNING = /^(begin|start transaction)(?<characteristics>[^;]*)/;
const ENDING = /^(commit|rollback)$/;

/**
 * Makes every statement part of a transaction that brings its settings along: behind a pooler, what is set for a session is
 * set for whoever gets the connection next. A statement that stands alone gets a transaction of its own.
 * @param timeout milliseconds for each statement, and for a process that hangs in a transaction
 */
export function inTransactions(query: Query, timeout: number): Query {
  let inTransaction = false;
  const run = async (sql: string, parameters: readonly unknown[]) => {
    if (BEGINNING.test(sql)) {
      const begun = await orRollBack(query, () => query(withSettings(sql, timeout), parameters));
      inTransaction = true;
      return begun;
    }
    if (ENDING.test(sql)) {
      inTransaction = false;
      return query(sql, parameters);
    }
    return inTransaction ? query(sql, parameters) : alone(query, timeout, sql, parameters);
  };
  return run as Query;
}

function alone(query: Query, timeout: number, sql: string, parameters: readonly unknown[]) {
  return orRollBack(query, async () => {
    await query(withSettings('begin', timeout), []);
    const result = await query(sql, parameters);
    await query('commit', []);
    return result;
  });
}

async function orRollBack<Result>(query: Query, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // a connection that cannot do even this is given up by then
    await query('rollback', []).catch(() => undefined);
    throw error;
  }
}

/** Whatever the database's defaults are: what `postgres.ts` sets for a session of its own. */
function withSettings(sql: string, timeout: number): string {
  return sql.replace(BEGINNING, (beginning, _words: string, characteristics: string) =>
    [
      characteristics === '' ? `${beginning} isolation level read committed` : beginning,
      `set local statement_timeout = ${timeout}`,
      `set local idle_in_transaction_session_timeout = ${timeout}`,
    ].join('; '),
  );
}
