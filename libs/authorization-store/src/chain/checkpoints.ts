import type { Kysely, Selectable } from 'kysely';
import type { AuditCheckpointTable, Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { ChainHead, WriterHead } from './audit-chain.js';

/** Where a chain goes on after what was archived. */
export interface Checkpoint extends WriterHead {
  /** The archive that ends there. */
  readonly archive: string;
}

type CheckpointRow = Selectable<AuditCheckpointTable>;

/** What the seal of a checkpoint is made over. */
export function checkpointText({ writer, sequence, hash, archive }: Checkpoint): string {
  return JSON.stringify(['audit_checkpoints', writer, sequence, hash, archive]);
}

/** A checkpoint as it is stored. */
export function sealedCheckpoint(checkpoint: Checkpoint, sealing: SealingKeys): CheckpointRow {
  const { writer, sequence, hash, archive } = checkpoint;
  const seal = sealing.authenticate(checkpointText(checkpoint));
  return { writer, sequence, hash, archive, seal, sealed_with: sealing.current };
}

/** Why a checkpoint counts for nothing, if it does. */
export function misfitOfCheckpoint(row: CheckpointRow, sealing: SealingKeys): string | undefined {
  if (!sealing.has(row.sealed_with)) {
    return `its checkpoint is sealed with the key ${row.sealed_with}, which is not given`;
  }
  const isSealed = row.seal === sealing.authenticate(checkpointText(row), row.sealed_with);
  return isSealed ? undefined : 'its checkpoint was changed';
}

export async function readCheckpoint(database: Kysely<Schema>, writer: string): Promise<CheckpointRow | undefined> {
  return database.selectFrom('audit_checkpoints').selectAll().where('writer', '=', writer).executeTakeFirst();
}

/** Whether a place is the last one that was archived. */
export function isAt(checkpoint: ChainHead, place: ChainHead): boolean {
  return checkpoint.sequence === place.sequence && checkpoint.hash === place.hash;
}
