import { sql, type Insertable, type Selectable, type Transaction } from 'kysely';
import type { AuditWitnessTable, Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { WriterHead } from './audit-chain.js';

type Work = Transaction<Schema>;
type WitnessRow = Selectable<AuditWitnessTable>;

/** Rows of one statement, so that their values stay below the number that a database takes. */
const CHUNK = 500;

/**
 * Which chain has the head of which other one in its first record. A head that is on record does not need another one, as long as
 * that record is there, and not archived: each first record lists what is new since, however often processes start. Who has the database alone cannot
 * claim that a head was witnessed, because a key that is not in the database seals it.
 */
export class WitnessedHeads {
  readonly #sealing: SealingKeys;

  constructor(sealing: SealingKeys) {
    this.#sealing = sealing;
  }

  /** The heads that no chain which is still there has witnessed, in the order of their writers. */
  async unwitnessed(work: Work): Promise<WriterHead[]> {
    const rows = await work
      .selectFrom('audit_heads as h')
      .leftJoin('audit_witnesses as w', (join) =>
        join
          .onRef('w.writer', '=', 'h.writer')
          .onRef('w.sequence', '=', 'h.sequence')
          .onRef('w.hash', '=', 'h.hash')
          .on(sql<boolean>`exists (select 1 from audit_records x where x.writer = w.witness and x.sequence = 0)`)
          .on(sql<boolean>`not exists (select 1 from audit_checkpoints c where c.writer = w.witness)`),
      )
      .select(['h.writer', 'h.sequence', 'h.hash', 'w.witness', 'w.seal', 'w.sealed_with'])
      .orderBy('h.writer')
      .execute();
    return rows
      .filter((row) => !this.#isSealed(row as WitnessRow))
      .map(({ writer, sequence, hash }) => ({ writer, sequence, hash }));
  }

  /** The first record of `witness` lists these heads; in the transaction that writes it. */
  async witness(work: Work, heads: readonly WriterHead[], witness: string): Promise<void> {
    for (let start = 0; start < heads.length; start += CHUNK) {
      const rows = heads.slice(start, start + CHUNK).map((head) => this.#row(head, witness));
      await work
        .insertInto('audit_witnesses')
        .values(rows)
        .onConflict((conflict) =>
          conflict.column('writer').doUpdateSet((row) => ({
            sequence: row.ref('excluded.sequence'),
            hash: row.ref('excluded.hash'),
            witness: row.ref('excluded.witness'),
            seal: row.ref('excluded.seal'),
            sealed_with: row.ref('excluded.sealed_with'),
          })),
        )
        .execute();
    }
  }

  #row(head: WriterHead, witness: string): Insertable<AuditWitnessTable> {
    const row = { ...head, witness };
    return { ...row, seal: this.#sealing.authenticate(witnessText(row)), sealed_with: this.#sealing.current };
  }

  /** A key that is gone proves nothing: the head is listed once more. */
  #isSealed(row: WitnessRow): boolean {
    if (row.witness === null || !this.#sealing.has(row.sealed_with)) return false;
    return row.seal === this.#sealing.authenticate(witnessText(row), row.sealed_with);
  }
}

function witnessText({ writer, sequence, hash, witness }: WriterHead & { readonly witness: string }): string {
  return JSON.stringify(['audit_witnesses', writer, sequence, hash, witness]);
}
