import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Insertable, Kysely } from 'kysely';
import type { Schema, TokenTable } from './database/schema.js';

/** Rows of one statement. */
const GROUP = 100;

/** SQLITE_CONSTRAINT, and the class of PostgreSQL's codes for the same. */
const SQLITE_CONSTRAINT = 19;
const POSTGRES_CONSTRAINT = '23';

type TokenRow = Insertable<TokenTable>;

interface Waiting {
  readonly row: TokenRow;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes rows of the index of tokens. All rows that arrive in one turn of the event loop, or while a commit is under way,
 * share the next one, so the cost of a flush to disk is shared among them.
 */
export class TokenWriter {
  readonly #database: Kysely<Schema>;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  /** Resolves when the row is committed. */
  insert(row: TokenRow): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject });
      if (!this.#writing) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    await nextTurn();
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, GROUP));
    this.#writing = false;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(group.map(({ row }) => row));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // a row that is refused is the fault of one of them, anything else would happen to those behind as well
      if (isRefusedRow(error)) await this.#writeEach(group);
      else for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
    }
  }

  async #writeEach(group: readonly Waiting[]): Promise<void> {
    for (const { row, resolve, reject } of group) await this.#write([row]).then(resolve, reject);
  }

  async #write(rows: readonly TokenRow[]): Promise<void> {
    await this.#database.insertInto('tokens').values(rows).execute();
  }
}

function isRefusedRow(error: unknown): boolean {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === 'number') return (errcode & 0xff) === SQLITE_CONSTRAINT;
  return typeof code === 'string' && code.startsWith(POSTGRES_CONSTRAINT);
}
