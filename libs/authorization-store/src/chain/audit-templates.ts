import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { sha256 } from '../database/statements/hash.js';
import type { ChainRow } from './audit-chain.js';
import { divideEvent, LikelyTemplate } from './audit-template.js';

/** Records of a template that are stored whole before it is: one that is used once takes more room than it gives. */
const WHOLE = 16;
/** Templates that a process keeps in mind, and as many that it has seen less often; some megabytes at most. */
const KNOWN = 1000;
/** Seconds for which a process believes that a template is there. */
const BELIEVED_FOR = 3600;
/** Seconds for which one that no record uses is kept: longer than any process believes in it. */
export const UNUSED_FOR = 24 * BELIEVED_FOR;

interface Stored {
  readonly number: number;
  readonly template: LikelyTemplate;
  /** Seconds of the clock that is never set. */
  readonly since: number;
}

/**
 * What records of one kind have in common is stored once, in `audit_templates`, and each record then tells what is its own. The hash
 * of a record is made over its whole event, so that a template that was changed is noticed as a changed event is.
 */
export class AuditTemplates {
  readonly #database: Kysely<Schema>;
  readonly #uptime: () => number;
  /** What was made sure of longest ago comes first. */
  readonly #stored = new Map<string, Stored>();
  /** What the last record of a client was of whose event was as long. */
  readonly #likely = new Map<string, Stored>();
  readonly #seen = new Map<string, number>();
  readonly #due = new Set<string>();
  #storing: Promise<void> | undefined;
  #forgottenAt = -Infinity;

  /** @param uptime seconds of a clock that is never set */
  constructor(database: Kysely<Schema>, uptime = () => performance.now() / 1000) {
    this.#database = database;
    this.#uptime = uptime;
  }

  /** The record as it is stored: shorter where its template is. */
  shortened(row: ChainRow): ChainRow {
    const like = `${row.client_id} ${row.event.length}`;
    const likely = this.#likely.get(like);
    const known = likely && this.#isBelieved(likely) ? likely.template.restOf(row.event, row) : undefined;
    if (likely && known !== undefined) return { ...row, event: known, template: likely.number };
    const { template, rest } = divideEvent(row.event, row);
    const stored = this.#stored.get(template);
    if (stored && this.#isBelieved(stored)) {
      if (this.#likely.size >= KNOWN) this.#likely.clear();
      this.#likely.set(like, stored);
      return { ...row, event: rest, template: stored.number };
    }
    if (stored) this.#due.add(template);
    else this.#count(template);
    return row;
  }

  /**
   * Stores templates that are worth it, one after the other, beside what is recorded meanwhile. Never fails: what cannot be stored now
   * stays out, and its records stay whole.
   */
  store(): Promise<void> {
    if (this.#due.size > 0) this.#storing ??= this.#storeDue().finally(() => (this.#storing = undefined));
    return this.#storing ?? Promise.resolve();
  }

  /** The database may have lost what was stored last: each is made sure of again. */
  forget(): void {
    this.#forgottenAt = this.#uptime();
  }

  async #storeDue(): Promise<void> {
    for (const template of this.#due) {
      this.#due.delete(template);
      const since = this.#uptime();
      const number = await this.#numberOf(template).catch(() => undefined);
      this.#stored.delete(template);
      if (number !== undefined) this.#stored.set(template, { number, since, template: new LikelyTemplate(template) });
    }
  }

  #isBelieved({ since }: Stored): boolean {
    return since > this.#forgottenAt && this.#uptime() - since < BELIEVED_FOR;
  }

  #count(template: string): void {
    if (this.#due.size >= KNOWN || (this.#stored.size >= KNOWN && !this.#makesRoom())) return;
    if (this.#seen.size >= KNOWN) this.#seen.clear();
    const times = (this.#seen.get(template) ?? 0) + 1;
    this.#seen.set(template, times);
    if (times < WHOLE) return;
    this.#seen.delete(template);
    this.#due.add(template);
  }

  /** Lets the template go that was made sure of longest ago, unless it is still believed to be there. */
  #makesRoom(): boolean {
    const [[template, stored] = []] = this.#stored;
    return template !== undefined && !this.#isBelieved(stored!) && this.#stored.delete(template);
  }

  /** @returns `undefined` when another template has the same number, as one of many thousands may */
  async #numberOf(text: string): Promise<number | undefined> {
    const number = numberOf(text);
    const stored_at = Math.floor(Date.now() / 1000);
    const stored = await this.#database
      .insertInto('audit_templates')
      .values({ number, text, stored_at })
      .onConflict((conflict) => conflict.column('number').doUpdateSet({ stored_at }))
      .returning('text')
      .executeTakeFirst();
    return stored?.text === text ? number : undefined;
  }
}

/** 32 bits of its digest, so that all replicas use one number without asking each other. */
function numberOf(text: string): number {
  return Buffer.from(sha256(text), 'base64url').readUInt32BE();
}
