import type { Life, Party } from '@onbehalf/authorization-ports';
import { sql, type Kysely, type Transaction } from 'kysely';
import { forgetConsents } from '../consents/consents.js';
import { nextNumber } from '../database/statements/counters.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/schema/migrate.js';
import { indexable } from '../database/statements/hash.js';
import type { Schema } from '../database/schema/schema.js';
import { excludeInsertions } from '../tokens/revocation-lock.js';
import { applyMark, openMark, type Revocation } from '../tokens/token-lineage.js';

/** An end of a life that is committed, while what it held has yet to be revoked. */
export type EndedLife = Revocation & { readonly round: number };

/** How tokens know a party. */
const MARKS = { client: 'client', user: 'subject' } as const;
const BATCH = 500;

/**
 * The lives of clients and users. Whoever is disabled, removed or given a new credential ends one; who is let in after that begins
 * another. Sessions, grants and tokens belong to one life.
 */
export class Lives {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #clock: DatabaseClock;

  constructor(database: Kysely<Schema>, dialect: Dialect, clock: DatabaseClock) {
    this.#database = database;
    this.#dialect = dialect;
    this.#clock = clock;
  }

  /**
   * Has the lives of these parties begin, go on or end.
   * @param transaction has the lock of registrations; from its end on no token is recorded for a life that it ended
   * @param ends `these`: of the parties alone; `others`: also of all that are not among them; `none`: lives only begin
   */
  async settle(
    transaction: Transaction<Schema>,
    parties: readonly Party[],
    ends: 'these' | 'others' | 'none',
  ): Promise<EndedLife[]> {
    if (ends === 'these' && parties.length === 0) return [];
    const asked = ends === 'these' ? parties.map(({ id }) => id) : undefined;
    const living = new Map((await readLives(transaction, asked)).map((life) => [keyOf(life), life]));
    const registered = new Set(parties.map(keyOf));
    const gone = [...living.values()].filter((life) => ends === 'others' && !registered.has(keyOf(life)));
    const changed = parties.filter((party) => !goesOn(party, living.get(keyOf(party))));
    const over = changed.flatMap((party) => living.get(keyOf(party)) ?? []);
    const ended = ends === 'none' ? [] : [...gone, ...over];
    const marks = await this.#end(transaction, ended);
    const beginning = changed.filter((party) => party.enabled && (ends !== 'none' || !living.has(keyOf(party))));
    if (beginning.length > 0 || ends === 'others') await this.#begin(transaction, beginning);
    if (ends !== 'none') await keepCredentials(transaction, parties, living);
    return marks;
  }

  /** Revokes what the lives held. A crash before leaves it to the sweeper. */
  async revoke(ended: readonly EndedLife[]): Promise<void> {
    const revoking = { database: this.#database, dialect: this.#dialect, now: this.#clock.now() };
    for (const { round, ...revocation } of ended) await applyMark(revoking, revocation, round);
  }

  /** The first of all are the ones that were under way before lives were counted. */
  async #begin(transaction: Transaction<Schema>, parties: readonly Party[]): Promise<void> {
    const life = (await nextNumber(transaction, 'lives')) - 1;
    const begun = this.#clock.milliseconds();
    for (let start = 0; start < parties.length; start += BATCH) {
      const rows = parties.slice(start, start + BATCH);
      const lives = rows.map(({ kind, id, credential = null }) => ({ kind, id, life, credential, begun_at: begun }));
      await transaction.insertInto('lives').values(lives).execute();
    }
  }

  async #end(transaction: Transaction<Schema>, ended: readonly Life[]): Promise<EndedLife[]> {
    if (ended.length === 0) return [];
    await excludeInsertions(transaction, this.#dialect);
    const marks: EndedLife[] = [];
    for (const { kind, id, life } of ended) {
      await transaction.deleteFrom('lives').where('kind', '=', kind).where('id', '=', id).execute();
      await forgetConsents(transaction, { [MARKS[kind] === 'subject' ? 'subject' : 'client_id']: indexable(id) });
      const revocation = { kind: MARKS[kind], mark: id, life };
      marks.push({ ...revocation, round: await openMark(transaction, revocation, this.#clock) });
    }
    return marks;
  }
}

/** The lives that are under way: all, or those of these ids. */
export async function readLives(database: Kysely<Schema>, ids?: readonly string[]): Promise<Life[]> {
  const markOf = sql<string>`case lives.kind when 'user' then ${MARKS.user} else ${MARKS.client} end`;
  const all = database
    .selectFrom('lives')
    .leftJoin('revocation_marks as m', (join) =>
      join.on('m.kind', '=', markOf as never).onRef('m.key', '=', 'lives.id'),
    )
    .select(['lives.kind', 'lives.id', 'lives.life', 'lives.credential', 'm.marked_at'])
    .orderBy('lives.kind')
    .orderBy('lives.id');
  const rows = await (ids ? all.where('lives.id', 'in', ids) : all).execute();
  return rows.map(({ kind, id, life, credential, marked_at: markedAt }) => ({
    kind,
    id,
    life,
    ...(credential !== null && { credential }),
    ...(markedAt !== null && { since: markedAt / 1000 }),
  }));
}

const keyOf = ({ kind, id }: Pick<Party, 'kind' | 'id'>): string => `${kind} ${id}`;

function goesOn({ enabled, credential, keepsSessions }: Party, life: Life | undefined): boolean {
  if (!life || !enabled) return !life && !enabled;
  return life.credential === undefined || life.credential === credential || keepsSessions === true;
}

async function keepCredentials(
  transaction: Transaction<Schema>,
  parties: readonly Party[],
  living: ReadonlyMap<string, Life>,
): Promise<void> {
  for (const { kind, id, enabled, credential } of parties) {
    const life = living.get(keyOf({ kind, id }));
    if (!life || !enabled || life.credential === credential) continue;
    const known = transaction.updateTable('lives').set({ credential: credential ?? null });
    await known.where('kind', '=', kind).where('id', '=', id).execute();
  }
}
