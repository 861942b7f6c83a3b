import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { RevocationKind, Schema } from '../database/schema/schema.js';
import { revokeInChunks, type Revoking, type Taken } from './revocation-chunks.js';
import { excludeInsertions } from './revocation-lock.js';
import type { Flag, TokenKey } from './token-key.js';

/** The columns by which tokens are revoked together. */
const COLUMNS = { grant: 'grant_id', session: 'session_id', subject: 'subject', client: 'client_id' } as const;

/** True while there is a mark whose tokens have not all been revoked yet. */
export const OPEN_MARK = sql<Flag>`exists (select 1 from revocation_marks where applied_at is null)`;

/**
 * Walks from a token up to the root and tells whether anything on the way is revoked: a token, its grant, its session,
 * or its subject or client after it was recorded.
 */
export async function isRevokedInLineage(database: Kysely<Schema>, { iss, jti }: TokenKey): Promise<boolean> {
  // SQLite takes a cross join in its order: otherwise it would read every token of every grant
  const { rows } = await sql`
    with recursive lineage (iss, jti) as (
      select cast(${iss} as text), cast(${jti} as text)
      union
      select t.parent_iss, t.parent_jti
        from tokens t join lineage l on t.iss = l.iss and t.jti = l.jti
        where t.parent_jti is not null
    ),
    known as (select t.* from lineage l cross join tokens t where t.iss = l.iss and t.jti = l.jti),
    wanted (kind, key, since, life) as (
      select 'token', iss || ' ' || jti, 0, cast(null as bigint) from lineage
      union all select 'grant', grant_id, 0, null from known where grant_id is not null
      union all select 'session', session_id, 0, null from known where session_id is not null
      union all select 'subject', subject, recorded_at, subject_life from known
      union all select 'client', client_id, recorded_at, client_life from known
    )
    select 1 from known where revoked_at is not null
    union all
    select 1 from wanted w cross join revocation_marks m
      where m.kind = w.kind and m.key = w.key and ${isTakenBy(sql`m`, sql`w.since`, sql`w.life`)}
    limit 1`.execute(database);
  return rows.length > 0;
}

/**
 * Whether a mark takes a token by the time at which it was recorded, or, where both tell a life, by that: no clocks need agree.
 */
export function isTakenBy(
  mark: RawBuilder<unknown>,
  since: RawBuilder<unknown>,
  life: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql<boolean>`case when ${mark}.life is null or ${life} is null then ${mark}.marked_at >= ${since}
    else ${life} <= ${mark}.life end`;
}

/** What a revocation takes: tokens by what they have in common, or one by its name. */
export interface Revocation {
  readonly kind: RevocationKind;
  /** The key of its mark. */
  readonly mark: string;
  /** Of a subject or client: tokens of later lives are not taken. */
  readonly life?: number;
  /** The token, where one is revoked by its name. */
  readonly token?: TokenKey;
}

/** Seconds that a mark stays; longer than any access token lives. */
const MARK_LIFETIME = 7 * 24 * 3600;

/**
 * Revokes what the mark takes, also what is being issued meanwhile: tokens that are recorded before the mark can be seen
 * are found, and whoever records one later finds the mark.
 * @param inTransaction runs the transaction from whose commit on everything counts as revoked
 * @returns how many tokens were revoked by this call
 */
export async function revoke(
  database: Kysely<Schema>,
  dialect: Dialect,
  revocation: Revocation,
  clock: DatabaseClock,
  inTransaction: InTransaction = (work) => database.transaction().execute(work),
): Promise<number> {
  const round = await makeMark(inTransaction, dialect, revocation, clock);
  return applyMark({ database, dialect, now: clock.now() }, revocation, round);
}

type InTransaction = (work: (transaction: Transaction<Schema>) => Promise<number>) => Promise<number>;

function makeMark(
  inTransaction: InTransaction,
  dialect: Dialect,
  revocation: Revocation,
  clock: DatabaseClock,
): Promise<number> {
  return inTransaction(async (transaction) => {
    await excludeInsertions(transaction, dialect);
    return openMark(transaction, revocation, clock);
  });
}

/**
 * Makes the mark.
 * @param transaction excludes insertions
 * @returns its round, for {@link applyMark}
 */
export async function openMark(
  transaction: Transaction<Schema>,
  { kind, mark, life }: Omit<Revocation, 'token'>,
  clock: DatabaseClock,
): Promise<number> {
  const times = { marked_at: clock.milliseconds(), expires_at: clock.now() + MARK_LIFETIME, applied_at: null };
  const marked = { ...times, life: life ?? null };
  const { round } = await transaction
    .insertInto('revocation_marks')
    .values({ kind, key: mark, ...marked })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'key']).doUpdateSet({ ...marked, round: sql`revocation_marks.round + 1` }),
    )
    .returning('round')
    .executeTakeFirstOrThrow();
  return round;
}

/** Revokes everything that the mark takes, with all that was exchanged from it, in chunks; then closes the mark. */
export async function applyMark(revoking: Revoking, revocation: Revocation, round: number): Promise<number> {
  const { kind, mark, token } = revocation;
  let count = await revokeInChunks(revoking, named(revocation));
  // one of a foreign issuer need not be in the index
  if (token) count += await revokeInChunks(revoking, { childrenOf: [token] });
  await revoking.database
    .updateTable('revocation_marks')
    .set({ applied_at: revoking.now })
    .where('kind', '=', kind)
    .where('key', '=', mark)
    .where('round', '=', round)
    .execute();
  return count;
}

/** The tokens that a revocation names. */
function named({ kind, mark, life, token }: Revocation): Taken {
  if (token) return { where: sql`iss = ${token.iss} and jti = ${token.jti}` };
  if (kind === 'token') throw new TypeError('A token is named by issuer and jti');
  const all = sql`${sql.ref(COLUMNS[kind])} = ${mark}`;
  if (life === undefined) return { where: all };
  const ofToken = sql.ref(`${kind}_life`);
  return { where: sql`${all} and (${ofToken} is null or ${ofToken} <= ${life})` };
}

/** Closes the marks that a process has left open, as a crash does, since this time (milliseconds). */
export async function applyLeftMarks(revoking: Revoking, since: number): Promise<void> {
  const { database } = revoking;
  const open = database.selectFrom('revocation_marks').selectAll().where('applied_at', 'is', null);
  for (const { kind, key: mark, life, round } of await open.where('marked_at', '<', since).execute()) {
    const [iss, jti] = splitMark(mark);
    const token = kind === 'token' ? { token: { iss, jti } } : {};
    await applyMark(revoking, { kind, mark, ...(life !== null && { life }), ...token }, round);
  }
}

function splitMark(mark: string): [string, string] {
  const space = mark.indexOf(' ');
  return [mark.slice(0, space), mark.slice(space + 1)];
}
