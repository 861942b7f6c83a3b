import { sql, type Insertable, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { anyOf, RowsStatement, tokenBeside } from '../database/statements/rows-statement.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema, TokenTable } from '../database/schema/schema.js';
import { nextNumber } from '../database/statements/counters.js';
import { tokenMark, type Flag, type TokenKey } from './token-key.js';
import { isRevokedInLineage, isTakenBy, OPEN_MARK } from './token-lineage.js';

/** A new token; its root follows from its parent. */
export type TokenRow = Omit<Insertable<TokenTable>, 'root_iss' | 'root_jti' | 'revoked_at' | 'revocation'>;

type Work = Transaction<Schema>;
type Found = TokenKey & { readonly revoked: Flag; readonly open: Flag };

const COLUMNS = [
  'iss',
  'jti',
  'parent_iss',
  'parent_jti',
  'client_id',
  'subject',
  'session_id',
  'grant_id',
  'audiences',
  'recorded_at',
  'expires_at',
  'subject_life',
  'client_life',
  'impersonation',
] as const satisfies readonly (keyof TokenRow)[];

/** Inserts tokens into the index and finds those that must not leave. */
export class TokenInsertion {
  readonly #insert: RowsStatement<TokenRow, Found>;

  constructor(database: Kysely<Schema>, dialect: Dialect) {
    this.#insert = new RowsStatement(database, dialect, { table: 'tokens', columns: COLUMNS }, (rows) =>
      insertion(dialect, rows),
    );
  }

  /**
   * Inserts the tokens, and marks those as revoked that derive from something that is.
   * @param work excludes revocations
   * @returns the revoked ones
   */
  async insert(work: Work, tokens: readonly TokenRow[], now: number): Promise<ReadonlySet<TokenRow>> {
    const revoked = await revokedOf(work, tokens, await this.#insert.execute(work, tokens));
    if (revoked.length > 0) await markRevoked(work, revoked, now);
    return new Set(revoked);
  }
}

async function revokedOf(work: Work, tokens: readonly TokenRow[], inserted: readonly Found[]): Promise<TokenRow[]> {
  const found = new Map(inserted.map((each) => [tokenMark(each), each]));
  const revoked: TokenRow[] = [];
  for (const token of tokens) {
    const each = found.get(tokenMark(token));
    if (!each || each.revoked || (each.open && (await isRevokedInLineage(work, token)))) revoked.push(token);
  }
  return revoked;
}

/** Tells of each token whether something revoked it meanwhile. */
function insertion(dialect: Dialect, rows: RawBuilder<unknown>): RawBuilder<Found> {
  return sql<Found>`${tokenInsertion(dialect, rows)}
    returning iss, jti, ${OPEN_MARK} as open, ${isRevoked(sql.table('tokens'))} as revoked`;
}

/** The root of a token is that of its parent; a parent that is not in the index, as of a foreign issuer, is the root. */
export function tokenInsertion(dialect: Dialect, rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)));
  const values = sql.join(COLUMNS.map((column) => sql.ref(`t.${column}`)));
  return sql`insert into tokens (root_iss, root_jti, ${columns})
    select coalesce(p.root_iss, t.parent_iss, t.iss), coalesce(p.root_jti, t.parent_jti, t.jti), ${values}
    from ${rows} t ${tokenBeside(dialect, sql`t.parent_iss`, sql`t.parent_jti`)} where true`;
}

/**
 * Whether a mark, or what is written at its parent, revokes a token that is inserted. While a mark is open, that is not all:
 * see {@link isRevokedInLineage}.
 * @param t the token's row
 */
export function isRevoked(t: RawBuilder<unknown>): RawBuilder<unknown> {
  const parent = sql`tokens p where p.iss = ${t}.parent_iss and p.jti = ${t}.parent_jti and p.revoked_at is not null`;
  const marked = (condition: RawBuilder<unknown>) => anyOf(sql`revocation_marks m where ${condition}`);
  const takes = (kind: 'subject' | 'client') =>
    isTakenBy(sql`m`, sql`${t}.recorded_at`, sql`${t}.${sql.ref(`${kind}_life`)}`);
  const marks = [
    marked(sql`m.kind = 'token' and m.key in (${t}.iss || ' ' || ${t}.jti, ${t}.parent_iss || ' ' || ${t}.parent_jti)`),
    marked(sql`m.kind = 'grant' and m.key = ${t}.grant_id`),
    marked(sql`m.kind = 'session' and m.key = ${t}.session_id`),
    marked(sql`m.kind = 'subject' and m.key = ${t}.subject and ${takes('subject')}`),
    marked(sql`m.kind = 'client' and m.key = ${t}.client_id and ${takes('client')}`),
  ];
  const revoked = [
    anyOf(parent),
    // most of the time nothing is marked, and then no mark has to be looked for
    sql`(exists (select 1 from revocation_marks) and (${sql.join(marks, sql` or `)}))`,
    isOver('user', sql`${t}.subject`, sql`${t}.subject_life`),
    isOver('client', sql`${t}.client_id`, sql`${t}.client_life`),
  ];
  return sql.join(revoked, sql` or `);
}

/** Whether the life that a token is issued for is not, or no longer, the one that its party leads. */
function isOver(kind: 'user' | 'client', id: RawBuilder<unknown>, life: RawBuilder<unknown>): RawBuilder<unknown> {
  const isLed = anyOf(sql`lives l where l.kind = ${sql.lit(kind)} and l.id = ${id} and l.life = ${life}`);
  return sql`(${life} is not null and not ${isLed})`;
}

async function markRevoked(work: Work, tokens: readonly TokenKey[], now: number): Promise<void> {
  const revocation = await nextNumber(work, 'revocation');
  for (const { iss, jti } of tokens) {
    const revoked = work.updateTable('tokens').set({ revoked_at: now, revocation });
    await revoked.where('iss', '=', iss).where('jti', '=', jti).execute();
  }
}
