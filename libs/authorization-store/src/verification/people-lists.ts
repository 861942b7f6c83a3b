import type { Kysely } from 'kysely';
import { usedClientIn, usedClientsOf, type UsedClient } from '../chain/used-clients.js';
import { CLOCKS_APART } from '../database/database-clock.js';
import type { Schema } from '../database/schema/schema.js';
import type { AuditBreak } from './chain-check.js';
import type { RecordRow } from './stored-chains.js';

/** Lists that are known to be right, at most. */
const KNOWN = 20_000;
/** Differences that are told of one chain. */
const TOLD = 20;

/**
 * What is kept beside the records, so that people are told quickly what was done on their behalf. It is not sealed: who has only the
 * database could hide a client, or what was before a time. Each record must be found by it.
 */
export class PeopleLists {
  readonly breaks: AuditBreak[] = [];
  readonly #database: Kysely<Schema>;
  readonly #known = new Set<string>();

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  /** Compares records of one chain, in their order: the first one of each list stands for the others. */
  async check(rows: readonly RecordRow[]): Promise<void> {
    const first = rows.filter((row) => row.subject_life !== null && row.subject !== null && this.#isNew(row));
    if (first.length === 0) return;
    await this.#checkUsedClients(first);
    await this.#checkLives(first);
  }

  #isNew({ subject, subject_life: life, client_id: client, outcome }: RecordRow): boolean {
    const key = JSON.stringify([subject, life, outcome === 'issued' ? client : null]);
    if (this.#known.has(key)) return false;
    if (this.#known.size >= KNOWN) this.#known.clear();
    this.#known.add(key);
    return true;
  }

  async #checkUsedClients(rows: readonly RecordRow[]): Promise<void> {
    const told = rows.flatMap((row) => {
      const used = usedClientIn(row);
      return used ? [{ row, used }] : [];
    });
    if (told.length === 0) return;
    const listed = await usedClientsOf(this.#database, [...new Set(told.map(({ used }) => used.subject))]);
    const keys = new Set(listed.map(keyOf));
    for (const { row, used } of told) {
      if (keys.has(keyOf(used))) continue;
      this.#tell(
        row,
        'used_client_missing',
        `${used.client_id} is not among the clients that ${used.subject} has used`,
      );
    }
  }

  async #checkLives(rows: readonly RecordRow[]): Promise<void> {
    const subjects = new Map(rows.map((row) => [row, (JSON.parse(row.event) as { readonly subject: string }).subject]));
    const lives = await this.#database
      .selectFrom('lives')
      .select(['id', 'life', 'begun_at'])
      .where('kind', '=', 'user')
      .where('id', 'in', [...new Set(subjects.values())])
      .execute();
    for (const [row, subject] of subjects) {
      const life = lives.find((each) => each.id === subject && each.life === row.subject_life);
      if (!life || row.at >= (life.begun_at ?? 0) - CLOCKS_APART) continue;
      this.#tell(row, 'life_begins_too_late', `the account ${subject} is said to begin after it`);
    }
  }

  #tell({ writer, sequence }: RecordRow, code: NonNullable<AuditBreak['code']>, reason: string): void {
    if (this.breaks.length < TOLD) this.breaks.push({ writer, sequence, code, reason });
  }
}

function keyOf({ subject, subject_life: life, client_id: client }: UsedClient): string {
  return JSON.stringify([subject, life, client]);
}
