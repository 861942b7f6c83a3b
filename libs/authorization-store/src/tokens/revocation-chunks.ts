import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { nextNumber } from '../database/statements/counters.js';
import { tokenMark, type Flag, type TokenKey } from './token-key.js';

/** Tokens that are looked for at once. */
const PAGE = 1000;
/** Tokens that are revoked in one transaction: few enough that no issuance waits for long. */
const CHUNK = 100;

type Found = TokenKey & { readonly revoked: Flag };

/** What tokens are taken from: by a condition on them, or by what they were exchanged from. */
export type Taken = { readonly where: RawBuilder<unknown> } | { readonly childrenOf: readonly TokenKey[] };

/** Where tokens are revoked, and when: seconds since the epoch. */
export interface Revoking {
  readonly database: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly now: number;
}

/**
 * Revokes tokens with all that was exchanged from them, a chunk at a time: each is committed, and in the feed, before the next.
 * A second attempt goes on where the first was cut off.
 * @returns how many were revoked by this call
 */
export async function revokeInChunks(
  revoking: Revoking,
  taken: Taken,
  path: readonly ReadonlySet<string>[] = [],
): Promise<number> {
  let count = 0;
  for (let page = await pageOf(revoking, taken); page.length > 0; page = await pageOf(revoking, taken, page.at(-1))) {
    for (let start = 0; start < page.length; start += CHUNK) {
      count += await revokeWithChildren(revoking, page.slice(start, start + CHUNK), path);
    }
    if (page.length < PAGE) break;
  }
  return count;
}

async function revokeWithChildren(
  revoking: Revoking,
  chunk: readonly Found[],
  path: readonly ReadonlySet<string>[],
): Promise<number> {
  const count = await revokeChunk(revoking, chunk);
  // names of other issuers could lead back to where they came from
  const fresh = chunk.filter((token) => !path.some((above) => above.has(tokenMark(token))));
  if (fresh.length === 0) return count;
  const below = [...path, new Set(fresh.map(tokenMark))];
  return count + (await revokeInChunks(revoking, { childrenOf: fresh }, below));
}

async function pageOf({ database, dialect }: Revoking, taken: Taken, after?: TokenKey): Promise<Found[]> {
  const later = after ? sql`and (t.iss, t.jti) > (${after.iss}, ${after.jti})` : sql``;
  const inOrder = sql`order by t.iss, t.jti limit ${PAGE}`;
  const found = sql`t.iss, t.jti, t.revoked_at is not null as revoked`;
  if ('where' in taken) {
    const named = sql<Found>`select ${found} from tokens t where ${taken.where} ${later} ${inOrder}`;
    return (await named.execute(database)).rows;
  }
  // each parent's children are looked up, whatever the database guesses of their number
  const parents = sql`(values ${keys(taken.childrenOf)})`;
  const isChild = sql`t.parent_iss = p.column1 and t.parent_jti = p.column2 ${later}`;
  const children =
    dialect === 'sqlite'
      ? sql<Found>`select ${found} from ${parents} p cross join tokens t where ${isChild} ${inOrder}`
      : sql<Found>`select t.* from ${parents} p cross join lateral
          (select ${found} from tokens t where ${isChild} ${inOrder}) t ${inOrder}`;
  return (await children.execute(database)).rows;
}

async function revokeChunk({ database, now }: Revoking, chunk: readonly Found[]): Promise<number> {
  const left = chunk.filter(({ revoked }) => !revoked);
  if (left.length === 0) return 0;
  const begun = performance.now();
  const count = await database.transaction().execute(async (transaction) => {
    // the lock on this row orders revocations, so that a reader of the feed never sees a later one before an earlier one
    const number = await nextNumber(transaction, 'revocation');
    const { rows } = await sql`update tokens set revoked_at = ${now}, revocation = ${number}
      where revoked_at is null and (iss, jti) in (values ${keys(left)}) returning 1`.execute(transaction);
    return rows.length;
  });
  // half the time is left to those who issue: SQLite has one writer, and answers at once
  await pause(Math.ceil(performance.now() - begun));
  return count;
}

function keys(tokens: readonly TokenKey[]): RawBuilder<unknown> {
  return sql.join(tokens.map(({ iss, jti }) => sql`(${iss}, ${jti})`));
}
