import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from '@jest/globals';
import type { AuditField } from '@onbehalf/authorization-ports';
import type { TestDatabase } from '@onbehalf/testing-internal';
import type { Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import type { WriterHead } from '../chain/audit-chain.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { storeCommand, type StoreCommand, type StoreCommandOptions } from '../store-command.js';
import type { AuditGap } from './audit-gap.js';

const KEY = Buffer.alloc(32, 1).toString('base64');

/** A trail in a database of its own, as a server and an operator have it. */
export class TestTrail {
  /** Writes the chain `writer`. */
  store!: AuthorizationStore;
  database!: Kysely<Schema>;
  writer!: string;
  url!: string;
  readonly encryptionKeys = [KEY];
  #directory!: string;

  /** @param auditFields what its processes declare */
  constructor(readonly auditFields: readonly AuditField[] = []) {}

  async begin(kind: TestDatabase, records: number): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'onbehalf-trail-'));
    this.url = kind.name === 'SQLite' ? `sqlite:${join(this.#directory, 'store.db')}` : await kind.database();
    this.database = connect(parseStoreUrl(this.url));
    this.store = await this.open();
    this.writer = this.store.audit.writer;
    await this.append(records);
  }

  async end(): Promise<void> {
    await Promise.all([this.store.close(), this.database.destroy()]);
    await rm(this.#directory, { recursive: true });
  }

  /** Another process. */
  open(encryptionKeys: readonly string[] = this.encryptionKeys): Promise<AuthorizationStore> {
    const { url, auditFields } = this;
    return openStore({ url, encryptionKeys, auditFields, sweepInterval: 0 });
  }

  /** The server starts again, and writes another chain. */
  async reopen(encryptionKeys?: readonly string[]): Promise<void> {
    await this.store.close();
    this.store = await this.open(encryptionKeys);
  }

  async append(count: number, to = this.store): Promise<void> {
    for (let index = 0; index < count; index += 1) await to.audit.append({ type: 'e', clientId: `c${index}` });
  }

  file(name: string): string {
    return join(this.#directory, name);
  }

  /** In a process of its own, as the command does; everything that is there is older. */
  async archive(name: string): Promise<void> {
    const before = Date.now() + 1;
    while (Date.now() < before);
    const command = await this.open();
    await command.audit.archive({ before, out: this.file(name) }).finally(() => command.close());
  }

  /** The name that the trail knows an archive by. */
  async archiveIn(name: string): Promise<string> {
    const [header = ''] = (await readFile(this.file(name), 'utf8')).split('\n', 1);
    return (JSON.parse(header) as { archive: string }).archive;
  }

  /** @param archives the names of their files */
  verify(...archives: readonly string[]) {
    return this.store.audit.verify(archives.length === 0 ? {} : { archives: archives.map((name) => this.file(name)) });
  }

  async run(
    name: StoreCommand,
    options: Partial<StoreCommandOptions> = {},
  ): Promise<{ readonly code: number; readonly lines: string[] }> {
    const lines: string[] = [];
    const { url, encryptionKeys } = this;
    const code = await storeCommand(name, { url, encryptionKeys, ...options }, (line) => lines.push(line));
    return { code, lines };
  }

  /** How many records of a chain the database has. */
  async left(writer = this.writer): Promise<number> {
    return (await this.database.selectFrom('audit_records').select('sequence').where('writer', '=', writer).execute())
      .length;
  }

  async hashOf(sequence: number, writer?: string): Promise<string> {
    return (await this.#record(sequence, writer)).hash;
  }

  /** As `audit-heads` has written it. */
  async headAt(sequence: number, writer = this.writer): Promise<WriterHead> {
    return { writer, sequence, hash: await this.hashOf(sequence, writer) };
  }

  /** The place before the first record of the chain that the database has. */
  async placeBefore(): Promise<WriterHead> {
    const { writer } = this;
    const { sequence, previous_hash: hash } = await this.database
      .selectFrom('audit_records')
      .select(['sequence', 'previous_hash'])
      .where('writer', '=', writer)
      .orderBy('sequence')
      .executeTakeFirstOrThrow();
    return { writer, sequence: sequence - 1, hash };
  }

  async lose(from: number, to: number, writer = this.writer): Promise<AuditGap> {
    const { previous_hash: after } = await this.#record(from, writer);
    const gap = { writer, from, to, after, lost: await this.hashOf(to, writer) };
    await this.database
      .deleteFrom('audit_records')
      .where('writer', '=', writer)
      .where('sequence', '>=', from)
      .where('sequence', '<=', to)
      .execute();
    return gap;
  }

  async loseHead(writer = this.writer): Promise<void> {
    await this.database.deleteFrom('audit_heads').where('writer', '=', writer).execute();
  }

  #record(sequence: number, writer = this.writer) {
    return this.database
      .selectFrom('audit_records')
      .select(['hash', 'previous_hash'])
      .where('writer', '=', writer)
      .where('sequence', '=', sequence)
      .executeTakeFirstOrThrow();
  }
}

/** A new trail for each test of a `describe`, that begins with this many records. */
export function trailForEach(kind: TestDatabase, records: number, auditFields?: readonly AuditField[]): TestTrail {
  const trail = new TestTrail(auditFields);
  beforeEach(() => trail.begin(kind, records));
  afterEach(() => trail.end());
  afterAll(() => kind.stop());
  return trail;
}
