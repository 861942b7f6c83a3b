import { sql, type CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import { headReplacement, recordInsertion, type ChainContinuation } from '../chain/audit-chain-writer.js';
import { usedClientInsertion } from '../chain/used-clients.js';
import { jsonRows } from '../database/statements/rows-statement.js';
import type { Schema } from '../database/schema/schema.js';
import { EXCLUDING_REVOCATIONS } from './revocation-lock.js';
import { isRevoked, tokenInsertion, type TokenRow } from './token-insertion.js';
import { OPEN_MARK } from './token-lineage.js';

interface Written {
  readonly written: boolean;
}

/** Tokens, records, the head of their chain and the clients that they tell of in one statement of PostgreSQL, which is a transaction of its own. */
export class IssuanceStatement {
  readonly #database: Kysely<Schema>;
  readonly #compiled: CompiledQuery<Written>;

  /** @param columns of an audit record */
  constructor(database: Kysely<Schema>, columns: readonly string[]) {
    this.#database = database;
    this.#compiled = statement(columns).compile(database);
  }

  /** @returns false, and nothing is written, when a token is revoked, or may be: a mark is open */
  async execute(tokens: readonly TokenRow[], { rows, head, used = [] }: ChainContinuation): Promise<boolean> {
    const parameters = [tokens, rows, head ? [head] : [], used].map((each) => JSON.stringify(each));
    const result = await this.#database.executeQuery<Written>({ ...this.#compiled, parameters });
    return result.rows[0]?.written === true;
  }
}

function statement(columns: readonly string[]): RawBuilder<Written> {
  const unlessDoubtful = (rows: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`(select * from ${rows} r where not exists (select 1 from doubtful))`;
  return sql<Written>`
    with
      excluding_revocations as (${EXCLUDING_REVOCATIONS}),
      issued as (select * from ${jsonRows('tokens')}),
      doubtful as (select 1 from issued t where ${OPEN_MARK} or ${isRevoked(sql.table('t'))}),
      inserted_tokens as (${tokenInsertion('postgres', unlessDoubtful(sql.table('issued')))}),
      inserted_records as (${recordInsertion(unlessDoubtful(jsonRows('audit_records')), columns)}),
      replaced_head as (${headReplacement(unlessDoubtful(jsonRows('audit_heads')))}),
      inserted_used_clients as (${usedClientInsertion(unlessDoubtful(jsonRows('used_clients')))})
    select not exists (select 1 from doubtful) and not exists (select 1 from excluding_revocations) as written`;
}
