import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from 'kysely';
import { anyOf, RowsStatement } from '../database/statements/rows-statement.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { AuditHeadTable, Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import {
  BEFORE_FIRST,
  CHAIN_OPENED,
  headText,
  nextRow,
  timedEvent,
  type ChainHead,
  type ChainRow,
  type TimedEvent,
} from './audit-chain.js';
import type { AuditTemplates } from './audit-templates.js';
import { SearchColumns } from './search-columns.js';
import { WitnessedHeads } from './witnessed-heads.js';
import type { AuditReceipt } from './audit-receipt.js';
import { UsedClients, type UsedClient } from './used-clients.js';

type Work = Transaction<Schema>;
type HeadRow = Selectable<AuditHeadTable>;

const PLACE_COLUMNS = [
  'writer',
  'sequence',
  'previous_hash',
  'hash',
  'at',
  'event',
  'template',
] as const satisfies (keyof ChainRow)[];

const HEAD_COLUMNS = ['writer', 'sequence', 'hash', 'seal', 'sealed_with'] as const;

/** Records that continue a chain, and its new head if there are any. */
export interface ChainContinuation {
  readonly rows: readonly ChainRow[];
  readonly head?: HeadRow;
  readonly used?: readonly UsedClient[];
  readonly receipts: readonly AuditReceipt[];
}

/** Continues the chain of this process, one transaction after the other. */
export class AuditChainWriter {
  readonly writer = randomUUID();
  readonly #sealing: SealingKeys;
  readonly #searched: SearchColumns;
  readonly #witnessed: WitnessedHeads;
  readonly #used: UsedClients;
  readonly #templates: AuditTemplates | undefined;
  readonly #insert: RowsStatement<ChainRow>;
  /** For records that tell nothing else, as most do. */
  readonly #insertStandard: RowsStatement<ChainRow>;
  readonly #replaceHead: RowsStatement<HeadRow>;
  #head: ChainHead | undefined;
  #uncommitted: ChainHead | undefined;

  /** @param templates without them, records are stored whole */
  constructor(
    database: Kysely<Schema>,
    dialect: Dialect,
    sealing: SealingKeys,
    searched = new SearchColumns(),
    templates?: AuditTemplates,
  ) {
    this.#sealing = sealing;
    this.#templates = templates;
    this.#searched = searched;
    this.#witnessed = new WitnessedHeads(sealing);
    this.#used = new UsedClients(database, dialect);
    const insertion = (columns: readonly (keyof ChainRow)[]): RowsStatement<ChainRow> =>
      new RowsStatement(database, dialect, { table: 'audit_records', columns }, (rows) =>
        recordInsertion(rows, columns),
      );
    this.#insert = insertion(this.columns);
    this.#insertStandard = insertion([...PLACE_COLUMNS, ...(searched.standard as (keyof ChainRow)[])]);
    const heads = { table: 'audit_heads', columns: HEAD_COLUMNS } as const;
    this.#replaceHead = new RowsStatement(database, dialect, heads, headReplacement);
  }

  /** The columns of a record. */
  get columns(): readonly (keyof ChainRow)[] {
    return [...PLACE_COLUMNS, ...(this.#searched.names as (keyof ChainRow)[])];
  }

  /** Appends the events; `committed` or `forget` must follow, before anything else is appended. */
  async append(work: Work, events: readonly TimedEvent[]): Promise<AuditReceipt[]> {
    this.#uncommitted = undefined;
    const [first] = events;
    if (!first) return [];
    const head = this.#head ?? (await this.#storedHead(work));
    const opening = head ? [] : [timedEvent(await this.#opening(work), first.at)];
    const { rows, head: newHead } = this.#following(head ?? BEFORE_FIRST, [...opening, ...events]);
    const tellsMore = rows.some((row) => this.#searched.tellsDeclared(row));
    await (tellsMore ? this.#insert : this.#insertStandard).execute(work, rows);
    await this.#replaceHead.execute(work, [newHead]);
    await this.#used.insert(work, this.#used.newIn(rows));
    return rows.slice(opening.length).map(receiptOf);
  }

  /**
   * What `append` would insert, for a statement that inserts more than this; the same must follow.
   * @returns `undefined` when the database has to be asked where the chain stands
   */
  continued(events: readonly TimedEvent[]): ChainContinuation | undefined {
    this.#uncommitted = undefined;
    if (events.length === 0) return { rows: [], receipts: [] };
    if (!this.#head) return undefined;
    const following = this.#following(this.#head, events);
    return { ...following, used: this.#used.newIn(following.rows), receipts: following.rows.map(receiptOf) };
  }

  /** The transaction took place. */
  committed(): void {
    this.#head = this.#uncommitted ?? this.#head;
    this.#uncommitted = undefined;
    this.#used.committed();
    // nobody waits for it: however long it takes, and whether it succeeds, records are written
    void this.#templates?.store();
  }

  /** It may have taken place although its answer was lost: the next one asks where the chain stands. */
  forget(): void {
    this.#head = undefined;
    this.#uncommitted = undefined;
    this.#used.forget();
    this.#templates?.forget();
  }

  /** Waits for what is stored beside records. */
  async close(): Promise<void> {
    await this.#templates?.store();
  }

  /**
   * The first record holds the heads that no other chain has on record, so that no chain can be cut or taken away unseen, and the
   * declared columns that are written, so that none can be emptied unseen.
   */
  async #opening(work: Work): Promise<object> {
    const heads = await this.#witnessed.unwitnessed(work);
    await this.#witnessed.witness(work, heads, this.writer);
    return { type: CHAIN_OPENED, heads, columns: this.#searched.declared };
  }

  async #storedHead(work: Work): Promise<ChainHead | undefined> {
    return work
      .selectFrom('audit_heads')
      .select(['sequence', 'hash'])
      .where('writer', '=', this.writer)
      .executeTakeFirst();
  }

  #following(place: ChainHead, events: readonly TimedEvent[]): { rows: ChainRow[]; head: HeadRow } {
    let { sequence, hash } = place;
    const rows = events.map((event) => {
      const row = nextRow(this.writer, { sequence, hash }, event, this.#searched);
      ({ sequence, hash } = row);
      return this.#templates?.shortened(row) ?? row;
    });
    this.#uncommitted = { sequence, hash };
    const seal = this.#sealing.authenticate(headText(this.writer, { sequence, hash }));
    return { rows, head: { writer: this.writer, sequence, hash, seal, sealed_with: this.#sealing.current } };
  }
}

function receiptOf({ writer, sequence, hash }: ChainRow): AuditReceipt {
  return { writer, sequence, hash };
}

/** Nothing is inserted, because no event may be null, where the template of a record is not there. */
export function recordInsertion(rows: RawBuilder<unknown>, names: readonly string[]): RawBuilder<unknown> {
  const columns = names.map((column) => sql.ref(column));
  const values = names.map((column) => (column === 'event' ? READABLE_EVENT : sql.ref(column)));
  return sql`insert into audit_records (${sql.join(columns)}) select ${sql.join(values)} from ${rows} t`;
}

const READABLE_EVENT = sql`case
  when t.template is null or ${anyOf(sql`audit_templates a where a.number = t.template`)} then t.event end`;

export function headReplacement(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql.join(HEAD_COLUMNS.map((column) => sql.ref(column)));
  return sql`insert into audit_heads (${columns}) select ${columns} from ${rows} t where true
    on conflict (writer) do update set sequence = excluded.sequence, hash = excluded.hash,
      seal = excluded.seal, sealed_with = excluded.sealed_with`;
}
