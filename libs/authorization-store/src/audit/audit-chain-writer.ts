import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from 'kysely';
import { LATER, RowsStatement } from '../database/rows-statement.js';
import type { Dialect } from '../database/migrate.js';
import type { AuditHeadTable, Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing-keys.js';
import {
  CHAIN_OPENED,
  GENESIS,
  headText,
  nextRow,
  timedEvent,
  type ChainHead,
  type ChainRow,
  type TimedEvent,
} from './audit-chain.js';
import type { AuditReceipt } from './audit-event.js';

type Work = Transaction<Schema>;
type HeadRow = Selectable<AuditHeadTable>;

const COLUMNS = [
  'writer',
  'sequence',
  'previous_hash',
  'hash',
  'at',
  'event',
  'type',
  'outcome',
  'client_id',
  'subject',
  'actor',
  'jti',
  'parent_jti',
  'trace_id',
] as const satisfies readonly (keyof ChainRow)[];

const HEAD_COLUMNS = ['writer', 'sequence', 'hash', 'seal', 'sealed_with'] as const;

/** Continues the chain of this process, one transaction after the other. */
export class AuditChainWriter {
  readonly writer = randomUUID();
  readonly #sealing: SealingKeys;
  readonly #dialect: Dialect;
  readonly #insert: RowsStatement<ChainRow>;
  readonly #insertWithHead: RowsStatement<ChainRow>;
  readonly #replaceHead: RowsStatement<HeadRow>;
  #head: ChainHead | undefined;
  #uncommitted: ChainHead | undefined;

  constructor(database: Kysely<Schema>, dialect: Dialect, sealing: SealingKeys) {
    this.#sealing = sealing;
    this.#dialect = dialect;
    const records = { table: 'audit_records', columns: COLUMNS } as const;
    this.#insert = new RowsStatement(database, dialect, records, insertion);
    this.#insertWithHead = new RowsStatement(database, dialect, records, insertionWithHead);
    const heads = { table: 'audit_heads', columns: HEAD_COLUMNS } as const;
    this.#replaceHead = new RowsStatement(database, dialect, heads, headReplacement);
  }

  /** Appends the events; `committed` or `forget` must follow, before anything else is appended. */
  async append(work: Work, events: readonly TimedEvent[]): Promise<AuditReceipt[]> {
    const [first] = events;
    if (!first) return [];
    const rows: ChainRow[] = [];
    let head = this.#head ?? (await this.#storedHead(work));
    const add = (event: TimedEvent): void => {
      const row = nextRow(this.writer, head ?? { sequence: -1, hash: GENESIS }, event);
      rows.push(row);
      head = row;
    };
    if (!head) add(timedEvent(await this.#opening(work), first.at));
    events.forEach(add);
    await this.#insertAll(work, rows);
    return rows.slice(-events.length).map(({ writer, sequence, hash }) => ({ writer, sequence, hash }));
  }

  /** The transaction took place. */
  committed(): void {
    this.#head = this.#uncommitted ?? this.#head;
    this.#uncommitted = undefined;
  }

  /** It may have taken place although its answer was lost: the next one asks where the chain stands. */
  forget(): void {
    this.#head = undefined;
    this.#uncommitted = undefined;
  }

  /** The first record holds the heads of all other chains, so that a chain cannot be cut or taken away unseen. */
  async #opening(work: Work): Promise<object> {
    const heads = await work
      .selectFrom('audit_heads')
      .select(['writer', 'sequence', 'hash'])
      .orderBy('writer')
      .execute();
    return { type: CHAIN_OPENED, heads };
  }

  async #storedHead(work: Work): Promise<ChainHead | undefined> {
    return work
      .selectFrom('audit_heads')
      .select(['sequence', 'hash'])
      .where('writer', '=', this.writer)
      .executeTakeFirst();
  }

  /** The records, and with them the head of the chain. */
  async #insertAll(work: Work, rows: readonly ChainRow[]): Promise<void> {
    const { writer, sequence, hash } = rows[rows.length - 1] as ChainRow;
    const seal = this.#sealing.authenticate(headText(writer, { sequence, hash }));
    const head = { writer, sequence, hash, seal, sealed_with: this.#sealing.current };
    if (this.#dialect === 'postgres') {
      await this.#insertWithHead.execute(work, rows, [head.seal, head.sealed_with]);
    } else {
      await this.#insert.execute(work, rows);
      await this.#replaceHead.execute(work, [head]);
    }
    this.#uncommitted = { sequence, hash };
  }
}

function insertion(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)));
  return sql`insert into audit_records (${columns}) select ${columns} from ${rows} t`;
}

/** Both in one statement, which SQLite does not know: one round trip less. */
function insertionWithHead(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const head = sql`(select writer, sequence, hash, cast(${LATER} as text) as seal, cast(${LATER} as text) as sealed_with
    from records order by sequence desc limit 1)`;
  return sql`with records as (${insertion(rows)} returning writer, sequence, hash) ${headReplacement(head)}`;
}

function headReplacement(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql.join(HEAD_COLUMNS.map((column) => sql.ref(column)));
  return sql`insert into audit_heads (${columns}) select ${columns} from ${rows} t where true
    on conflict (writer) do update set sequence = excluded.sequence, hash = excluded.hash,
      seal = excluded.seal, sealed_with = excluded.sealed_with`;
}
