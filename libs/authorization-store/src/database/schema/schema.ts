import type { ColumnType, Generated } from 'kysely';
import type {
  AuditCheckpointTable,
  AuditForwardingTable,
  AuditHeadTable,
  AuditRecordTable,
  AuditTemplateTable,
  AuditWitnessTable,
  UsedClientTable,
} from './audit-tables.js';

export type * from './audit-tables.js';

/** Seconds since the epoch (NumericDate). */
type Seconds = number;
/** Milliseconds since the epoch. */
type Milliseconds = number;

/** One model instance of the provider: session, grant, code, refresh token, … The id is stored as a hash only. */
export interface ProviderRecordTable {
  model: string;
  id_hash: string;
  uid_hash: string | null;
  user_code_hash: string | null;
  grant_hash: string | null;
  payload: string;
  sealed_with: string;
  consumed_at: Seconds | null;
  expires_at: Seconds | null;
}

export interface ReplayTable {
  key_hash: string;
  expires_at: Seconds;
}

/** One issued token: who it is for and what it was made from. Holds no token. */
export interface TokenTable {
  /** '' for tokens of this server */
  iss: string;
  jti: string;
  parent_iss: string | null;
  parent_jti: string | null;
  root_iss: string;
  root_jti: string;
  client_id: string;
  subject: string;
  session_id: string | null;
  grant_id: string | null;
  audiences: string;
  recorded_at: Milliseconds;
  expires_at: Seconds;
  /** Of the life of its subject, and of its client; null for who leads none, and in tokens of versions before. */
  subject_life: ColumnType<number | null, number | null | undefined, number | null>;
  client_life: ColumnType<number | null, number | null | undefined, number | null>;
  /** The impersonation that it is of, as JSON; null in tokens of none, and of versions before. */
  impersonation: ColumnType<string | null, string | null | undefined, string | null>;
  revoked_at: Seconds | null;
  /** The revocation that took it, in the order in which revocations were committed. */
  revocation: number | null;
}

/** What has been revoked as a whole, so that a token that is being issued meanwhile is caught too. */
export interface RevocationMarkTable {
  kind: RevocationKind;
  key: string;
  marked_at: Milliseconds;
  expires_at: Seconds;
  /** When all tokens that it takes had been revoked; null while that is under way. */
  applied_at: Seconds | null;
  /** How often the mark was made, so that an earlier revocation does not close the mark of a later one. */
  round: Generated<number>;
  /** Of a subject or client whose life has ended: the tokens of later lives are not taken. */
  life: ColumnType<number | null, number | null | undefined, number | null>;
}

export type RevocationKind = 'token' | 'grant' | 'session' | 'subject' | 'client';

/** The life of a signing key: its public part is published before it signs and after it has signed. */
export type SigningKeyState = 'published' | 'signing' | 'retired' | 'removed';

export interface SigningKeyTable {
  kid: string;
  algorithm: string;
  state: SigningKeyState;
  public_jwk: string;
  /** null once removed */
  private_jwk: string | null;
  sealed_with: string | null;
  published_at: Seconds;
  signing_at: Seconds | null;
  retired_at: Seconds | null;
  removed_at: Seconds | null;
}

export interface SharedSecretTable {
  name: string;
  value: string;
  sealed_with: string;
  created_at: Seconds;
}

/** A client, resource, edge or user that is changed at run time. */
export interface RegistrationTable {
  kind: string;
  id: string;
  version: number;
  document: string;
  changed_at: Seconds;
}

/** The life that a client or user leads now. Its number stays unique when the row is gone. */
export interface LifeTable {
  kind: 'client' | 'user';
  id: string;
  life: number;
  /** null while it is not known yet */
  credential: string | null;
  /** Milliseconds since the epoch, no later than its first record; null when it is not known. */
  begun_at: ColumnType<number | null, number | null | undefined, number | null>;
}

/** One scope that a client may have of a user. */
export interface ConsentTable {
  subject: string;
  client_id: string;
  kind: 'remembered' | 'once' | 'operator';
  /** '' for the scopes of the server itself */
  audience: string;
  scope: string;
  subject_life: number;
  client_life: number;
  given_at: Seconds;
  expires_at: Seconds;
  /** The grant that came of it last; null in consents of versions before. */
  grant_id: ColumnType<string | null, string | null | undefined, string | null>;
}

/** A grant that came of a consent, so that it ends with it. */
export interface ConsentedGrantTable {
  grant_id: string;
  subject: string;
  client_id: string;
  expires_at: Seconds;
}

/** What has been counted under a key since its window began. */
export interface RateWindowTable {
  key_hash: string;
  hits: number;
  expires_at: Seconds;
}

/** Counters whose row lock orders the writers. */
export interface CounterTable {
  name: string;
  value: Generated<number>;
}

/** What is known of this copy of the database, by name. */
export interface StoreStateTable {
  name: 'epoch' | 'written_at';
  value: string;
}

/** What features have declared: a table as JSON, or an audit field that records are searched by. */
export interface DeclarationTable {
  name: string;
  declaration: string;
}

export interface MigrationTable {
  version: number;
  name: string;
  compatible_from: number;
  applied_at: ColumnType<Seconds, Seconds, never>;
}

export interface Schema {
  provider_records: ProviderRecordTable;
  replays: ReplayTable;
  tokens: TokenTable;
  revocation_marks: RevocationMarkTable;
  audit_records: AuditRecordTable;
  audit_templates: AuditTemplateTable;
  audit_heads: AuditHeadTable;
  audit_witnesses: AuditWitnessTable;
  used_clients: UsedClientTable;
  audit_checkpoints: AuditCheckpointTable;
  audit_forwarding: AuditForwardingTable;
  signing_keys: SigningKeyTable;
  shared_secrets: SharedSecretTable;
  registrations: RegistrationTable;
  lives: LifeTable;
  consents: ConsentTable;
  consented_grants: ConsentedGrantTable;
  rate_windows: RateWindowTable;
  declarations: DeclarationTable;
  counters: CounterTable;
  store_state: StoreStateTable;
  schema_migrations: MigrationTable;
}
