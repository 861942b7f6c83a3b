import type { Kysely } from 'kysely';
import { BEFORE_FIRST, type ChainHead, type WriterHead } from '../chain/audit-chain.js';
import { isAt, misfitOfCheckpoint, readCheckpoint } from '../chain/checkpoints.js';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { ArchivedTrail } from './archived-trail.js';
import { hashAt, recordBefore } from './stored-chains.js';

/** Where a record is looked for: in the database, and in what was archived of it. */
export class KnownRecords {
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #archived: ArchivedTrail | undefined;

  /** @param archived without it, what lies before a checkpoint is believed to be in an archive */
  constructor(database: Kysely<Schema>, sealing: SealingKeys, archived?: ArchivedTrail) {
    this.#database = database;
    this.#sealing = sealing;
    this.#archived = archived;
  }

  /** Makes ready for questions about these places. */
  async prepare(heads: readonly Omit<WriterHead, 'hash'>[]): Promise<void> {
    await this.#archived?.lookUp(heads);
  }

  async has(head: WriterHead): Promise<boolean> {
    if (head.sequence < 0) return isAt(BEFORE_FIRST, head);
    const hash = await hashAt(this.#database, head.writer, head.sequence);
    if (hash !== undefined) return hash === head.hash;
    const checkpoint = await this.#checkpoint(head.writer);
    if (!checkpoint || head.sequence > checkpoint.sequence) return false;
    if (head.sequence === checkpoint.sequence) return isAt(checkpoint, head);
    return this.#archived?.has(head) ?? true;
  }

  /** The last record before a place; what archives have of the place before it must have been made ready. */
  async before(writer: string, sequence: number): Promise<ChainHead> {
    const row = await recordBefore(this.#database, writer, sequence);
    const checkpoint = await this.#checkpoint(writer);
    const archived = this.#archived?.before(writer, sequence);
    const all = [BEFORE_FIRST, archived, checkpoint, row];
    const places = all.filter((place) => place && place.sequence < sequence) as ChainHead[];
    return places.reduce((last, place) => (place.sequence > last.sequence ? place : last));
  }

  /** Asked anew each time: the trail may be archived meanwhile. */
  async #checkpoint(writer: string): Promise<ChainHead | undefined> {
    const row = await readCheckpoint(this.#database, writer);
    return row && misfitOfCheckpoint(row, this.#sealing) === undefined ? row : undefined;
  }
}
