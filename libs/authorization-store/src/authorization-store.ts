import type {
  AuditTrail,
  IssuedTokenRecord,
  RecordedEvent,
  Table,
  TableDeclaration,
} from '@onbehalf/authorization-ports';
import { sql, type Kysely } from 'kysely';
import { AuditChainWriter } from './chain/audit-chain-writer.js';
import { AuditTemplates } from './chain/audit-templates.js';
import { timedEvent } from './chain/audit-chain.js';
import { SearchColumns } from './chain/search-columns.js';
import { AuditLog, orUnavailable } from './audit/audit-log.js';
import { Consents } from './consents/consents.js';
import { Cursors } from './database/epoch/cursor.js';
import { ClocksDiffer, CLOCKS_DIFFER, type DatabaseClock } from './database/database-clock.js';
import { Epoch } from './database/epoch/epoch.js';
import type { Dialect } from './database/schema/migrate.js';
import { AuditForwarding, type ForwardingOptions } from './audit/forwarding/audit-forwarding.js';
import { HeldChains } from './audit/forwarding/held-chains.js';
import type { Schema } from './database/schema/schema.js';
import { PendingEvent } from './chain/pending-event.js';
import { ProviderAdapter } from './provider/provider-adapter.js';
import { RecordWriter } from './tokens/record-writer.js';
import { SqlRegistrationStore } from './registrations/sql-registration-store.js';
import { SqlReplayDetection } from './provider/sql-replay-detection.js';
import { SqlRateLimitStore } from './provider/sql-rate-limit-store.js';
import { reencrypt } from './upkeep/reencryption.js';
import type { SealingKeys } from './sealing/sealing-keys.js';
import { SharedSecrets } from './keys/shared-secrets.js';
import { SqlSigningKeyStore } from './keys/sql-signing-key-store.js';
import type { Declared } from './tables/declare-tables.js';
import { StoredTable } from './tables/stored-table.js';
import { Sweeper, type SweepPlan, type SweepState } from './upkeep/sweeper.js';
import { TokenIndex } from './tokens/token-index.js';
import { TokenInsertion } from './tokens/token-insertion.js';

export interface StoreParts extends Declared {
  readonly database: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly sealing: SealingKeys;
  readonly clock: DatabaseClock;
  /** Never, unless told. */
  readonly sweep?: SweepPlan;
  readonly issuer?: string;
  /** Whether every software that reads the trail knows templates of records. Not, unless told. */
  readonly templates?: boolean;
}

/** Seconds between two writes that only prove that the database takes them. */
const WRITE_EVERY = 5;

/** Everything that the authorization server keeps. Made by `openStore`. */
export class AuthorizationStore {
  readonly replay: SqlReplayDetection;
  readonly tokens: TokenIndex;
  readonly audit: AuditLog;
  /** All that the server records, and what operators read of it. */
  readonly trail: AuditTrail;
  readonly keys: SqlSigningKeyStore;
  readonly registrations: SqlRegistrationStore;
  readonly consents: Consents;
  readonly rateLimits: SqlRateLimitStore;
  readonly secrets: SharedSecrets;
  /** The provider's storage, as its `adapter` option takes it. */
  readonly providerAdapter: (model: string) => ProviderAdapter;
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #records: RecordWriter;
  readonly #pending = new PendingEvent();
  readonly #sweeper: Sweeper;
  readonly #chains: HeldChains;
  readonly #tables: readonly TableDeclaration[];
  readonly #clock: DatabaseClock;
  readonly #epoch: Epoch;
  #writtenAt = -Infinity;
  #forwarding: AuditForwarding | undefined;

  constructor({
    database,
    dialect,
    sealing,
    clock,
    sweep,
    issuer,
    tables = [],
    auditFields = [],
    ...parts
  }: StoreParts) {
    this.#database = database;
    this.#sealing = sealing;
    this.#tables = tables;
    this.#clock = clock;
    this.#epoch = new Epoch(database, dialect);
    const cursors = new Cursors(this.#epoch);
    const columns = new SearchColumns(auditFields);
    const { now } = clock;
    this.replay = new SqlReplayDetection(database, now);
    const templates = parts.templates === true ? new AuditTemplates(database) : undefined;
    const chain = new AuditChainWriter(database, dialect, sealing, columns, templates);
    this.#records = new RecordWriter(database, dialect, new TokenInsertion(database, dialect), chain, now);
    this.tokens = new TokenIndex({ database, dialect, clock, records: this.#records, cursors, issuer });
    this.audit = new AuditLog({ database, columns, cursors }, sealing, this.#records);
    this.keys = new SqlSigningKeyStore(database, this.#records, sealing, now);
    this.registrations = new SqlRegistrationStore(database, dialect, this.#records, clock);
    this.consents = new Consents(database, dialect, this.#records, clock);
    this.rateLimits = new SqlRateLimitStore(database, now);
    this.secrets = new SharedSecrets(database, sealing, now);
    const recording = { records: this.#records, pending: this.#pending };
    this.providerAdapter = (model) => new ProviderAdapter(model, database, sealing, now, recording);
    this.trail = this.#toTrail();
    this.#chains = new HeldChains(database, now, chain.writer);
    this.#sweeper = new Sweeper({ database, dialect, clock, tables });
    if (sweep && sweep.interval > 0) this.#sweeper.start(sweep);
  }

  /**
   * Records an issued token and its audit event in one step, before the token leaves.
   * @returns false when the token must not leave, because something that it derives from was revoked meanwhile; the event
   * is then not recorded
   * @throws AuditUnavailable when they are not known to be durable
   */
  async recordIssued<Event extends object>(token: IssuedTokenRecord, event: Event & RecordedEvent): Promise<boolean> {
    const entry = { token: this.tokens.row(token), event: timedEvent(event, Date.now()) };
    const { revoked } = await orUnavailable(this.#records.write(entry));
    return !revoked;
  }

  /**
   * Runs what makes the provider store something, and records the event in the transaction of what is stored first.
   * @throws AuditUnavailable when the event is not known to be durable, and what the work throws
   */
  async recordWith<Result>(event: RecordedEvent, work: () => Promise<Result>): Promise<Result> {
    const { result, left } = await this.#pending.during(timedEvent(event, Date.now()), work);
    if (left) await orUnavailable(this.#records.write({ event: left }));
    return result;
  }

  #toTrail(): AuditTrail {
    const { audit } = this;
    return {
      append: (event) => audit.append(event),
      recordIssued: (event, token) => this.recordIssued(token, event),
      recordWith: (event, work) => this.recordWith(event, work),
      query: (query) => audit.query(query),
      export: (query) => audit.export(query),
      tree: (traceId) => audit.tree(traceId),
      find: (writer, sequence) => audit.find(writer, sequence),
      usedClients: (subject, life) => audit.usedClients(subject, life),
      archivedBefore: () => audit.archivedBefore(),
    };
  }

  /**
   * Whether the database answers and takes what is written, for readiness.
   * @throws ClocksDiffer, and what stands in the way
   */
  async check(): Promise<void> {
    await this.#clock.measure(this.#database);
    if (Math.abs(this.#clock.difference) >= CLOCKS_DIFFER) throw new ClocksDiffer(this.#clock.difference);
    const now = this.#clock.now();
    if (now - this.#writtenAt < WRITE_EVERY) return;
    await sql`update store_state set value = ${String(now)} where name = 'written_at'`.execute(this.#database);
    this.#writtenAt = now;
  }

  /** Seconds by which the clock of this process is ahead of the database's; negative when it is behind. */
  get clockDifference(): number {
    return this.#clock.difference;
  }

  /** Has every cursor refused that was given before, as after a restore: guards then read the revocation feed from its beginning. */
  renewCursors(): Promise<void> {
    return this.#epoch.renew();
  }

  /**
   * Gives access to a declared table.
   * @throws TypeError for one that the store was not opened with
   */
  readonly table = <T extends TableDeclaration>(declaration: T): Table<T> => {
    if (!this.#tables.includes(declaration)) throw new TypeError(`The table ${declaration.name} is not declared`);
    return new StoredTable(declaration, this.#database, this.#sealing, this.#clock.now);
  };

  /** What the sweep of expired rows has done in this process, and what it has not come to, for metrics. */
  get sweeping(): SweepState {
    return this.#sweeper.state;
  }

  /** Deletes expired rows now. Returns how many. */
  sweep(): Promise<number> {
    return this.#sweeper.sweep();
  }

  /** Copies the audit trail to a receiver from now on, until the store is closed. */
  forwardAudit(options: ForwardingOptions): AuditForwarding {
    this.#forwarding ??= new AuditForwarding(this.#chains, options);
    return this.#forwarding;
  }

  /** Encrypts with the current key what is encrypted with an older one; see `reencrypt`. Returns how many values. */
  reencrypt(): Promise<number> {
    return reencrypt(this.#database, this.#sealing, this.#tables);
  }

  /** Finishes what is under way and disconnects. */
  async close(): Promise<void> {
    await this.#sweeper.stop();
    await this.#records.close();
    await this.#forwarding?.close();
    await this.#database.destroy();
  }
}
