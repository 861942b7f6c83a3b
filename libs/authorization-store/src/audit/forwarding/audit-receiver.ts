import type { AuditRecord } from '@onbehalf/authorization-ports';

/** A record as it leaves the database. */
export interface ForwardedRecord extends AuditRecord {
  /** The event as the JSON text that the hash covers. */
  readonly eventText: string;
}

/** Somebody outside who keeps a copy of the audit trail. */
export interface AuditReceiver {
  /**
   * Takes records of one chain, in their order; resolves when they are accepted. A record may come twice.
   * @throws RecordsRefused when it will not take them, however often it is asked; all other errors mean: later
   */
  accept(records: readonly ForwardedRecord[]): Promise<void>;
}

/** The receiver has understood the records and does not want them. */
export class RecordsRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecordsRefused';
  }
}
