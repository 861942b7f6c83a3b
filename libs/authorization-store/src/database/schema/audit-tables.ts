import type { ColumnType } from 'kysely';

/** Seconds since the epoch (NumericDate). */
type Seconds = number;
/** Milliseconds since the epoch. */
type Milliseconds = number;

/** A record of the audit trail, and the columns that it is found by. */
export interface AuditRecordTable {
  writer: string;
  sequence: number;
  previous_hash: string;
  hash: string;
  at: Milliseconds;
  /** Whole, or what its template leaves open. */
  event: string;
  template: ColumnType<number | null, number | null | undefined, number | null>;
  type: string;
  outcome: string | null;
  client_id: string | null;
  subject: string | null;
  actor: string | null;
  jti: string | null;
  parent_jti: string | null;
  trace_id: string | null;
  /** Of an exchange: the life of the account that its subject is. */
  subject_life: ColumnType<number | null, number | null | undefined, number | null>;
}

/** What records of one kind have in common, and when a process has made sure that it is there. */
export interface AuditTemplateTable {
  number: number;
  text: string;
  stored_at: Seconds;
}

/** A client to which something was issued by an exchange for one life of an account. */
export interface UsedClientTable {
  subject: string;
  subject_life: number;
  client_id: string;
}

/** The newest record of each writer, sealed with a key that is not in the database. */
export interface AuditHeadTable {
  writer: string;
  sequence: number;
  hash: string;
  seal: string;
  sealed_with: string;
}

/** The chain that has the head of another one in its first record, sealed as heads are. */
export interface AuditWitnessTable {
  writer: string;
  sequence: number;
  hash: string;
  witness: string;
  seal: string;
  sealed_with: string;
}

/** The last record of a chain that was archived, sealed as heads are: the chain goes on behind it. */
export interface AuditCheckpointTable {
  writer: string;
  sequence: number;
  hash: string;
  /** The archive that ends there. */
  archive: string;
  seal: string;
  sealed_with: string;
}

/** A chain that is forwarded: its last record that was accepted, and the process that forwards it until its time is over. */
export interface AuditForwardingTable {
  writer: string;
  sequence: number;
  held_by: string;
  held_until: Seconds;
}
