/** The event that tells of an archive that is lost for good. It stands in the trail as every other record. */
export const ARCHIVE_LOST = 'audit_archive_lost';

/** An archive that is lost for good. */
export interface ArchiveLoss {
  /** Its name in the trail. */
  readonly archive: string;
  /** Where chains go on of which the database still had records that are in it. No checkpoint of it counts behind there. */
  readonly goesOn: readonly ChainPlace[];
}

interface ChainPlace {
  readonly writer: string;
  /** Of the last record that is gone; -1 where none is. */
  readonly sequence: number;
}

/** The archive whose loss a record tells of, if it is such a record and in order. */
export function archiveLossIn(event: Readonly<Record<string, unknown>>): ArchiveLoss | undefined {
  const { type, archive, goesOn } = event;
  if (type !== ARCHIVE_LOST || typeof archive !== 'string' || !Array.isArray(goesOn)) return undefined;
  return goesOn.every(isPlace) ? { archive, goesOn } : undefined;
}

function isPlace(value: unknown): value is ChainPlace {
  const { writer, sequence } = (value ?? {}) as Partial<ChainPlace>;
  return typeof writer === 'string' && Number.isSafeInteger(sequence);
}
