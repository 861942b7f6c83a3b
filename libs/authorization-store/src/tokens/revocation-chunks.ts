import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { nextNumber } from '../database/counters.js';
import type { Schema } from '../database/schema.js';
import { tokenMark, type Flag, type TokenKey } from './token-key.js';

/** Tokens that are revoked in one transaction: few enough that no issuance waits for long. */
const CHUNK = 100;

type Found = TokenKey & { readonly revoked: Flag };

/**
 * Revokes tokens with all that was exchanged from them, a chunk at a time: each is committed, and in the feed, before the next.
 * Who begins again goes on where another one was cut off.
 * @param which the condition that they meet
 * @returns how many were revoked by this call
 */
export async function revokeInChunks(
  database: Kysely<Schema>,
  which: RawBuilder<unknown>,
  now: number,
  path: readonly ReadonlySet<string>[] = [],
): Promise<number> {
  let count = 0;
  for (let page = await pageOf(database, which); page.length > 0; page = await pageOf(database, which, page.at(-1))) {
    count += await revokeChunk(database, page, now);
    // names of other issuers could lead back to where they came from
    const fresh = page.filter((token) => !path.some((above) => above.has(tokenMark(token))));
    if (fresh.length > 0) {
      const below = [...path, new Set(fresh.map(tokenMark))];
      count += await revokeInChunks(database, childrenOf(fresh), now, below);
    }
    if (page.length < CHUNK) break;
  }
  return count;
}

/** The condition that the children of these tokens meet. */
export function childrenOf(parents: readonly TokenKey[]): RawBuilder<unknown> {
  return sql`(parent_iss, parent_jti) in (values ${keys(parents)})`;
}

async function pageOf(database: Kysely<Schema>, which: RawBuilder<unknown>, after?: TokenKey): Promise<Found[]> {
  const later = after ? sql`and (iss, jti) > (${after.iss}, ${after.jti})` : sql``;
  const { rows } = await sql<Found>`
    select iss, jti, revoked_at is not null as revoked from tokens where ${which} ${later}
      order by iss, jti limit ${CHUNK}`.execute(database);
  return rows;
}

async function revokeChunk(database: Kysely<Schema>, page: readonly Found[], now: number): Promise<number> {
  const left = page.filter(({ revoked }) => !revoked);
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
