import type { IssuedTokenStanding } from '@onbehalf/authorization-ports';
import type { ImpersonationMark } from '@onbehalf/oauth-protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { BatchQueue } from '../database/statements/batch-queue.js';
import { anyOf, RowsStatement, tokenBeside } from '../database/statements/rows-statement.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { tokenMark, type Flag, type TokenKey } from './token-key.js';
import { isRevokedInLineage, OPEN_MARK } from './token-lineage.js';

interface Found extends TokenKey {
  readonly known: Flag;
  readonly revoked: Flag;
  readonly impersonation: string | null;
  /** Whether there is an open mark. */
  readonly open: Flag;
}

/** Finds out whether tokens still count; questions that come together share a query. */
export class TokenStandings {
  readonly #database: Kysely<Schema>;
  readonly #statement: RowsStatement<TokenKey, Found>;
  readonly #queue = new BatchQueue<TokenKey, IssuedTokenStanding>((keys) => this.#ask(keys));

  constructor(database: Kysely<Schema>, dialect: Dialect) {
    this.#database = database;
    this.#statement = new RowsStatement(database, dialect, { table: 'tokens', columns: ['iss', 'jti'] }, (rows) =>
      standings(dialect, rows),
    );
  }

  of({ iss, jti }: TokenKey): Promise<IssuedTokenStanding> {
    return this.#queue.add({ iss, jti });
  }

  async #ask(keys: readonly TokenKey[]): Promise<IssuedTokenStanding[]> {
    const rows = await this.#statement.execute(this.#database, keys);
    const found = new Map(rows.map((row) => [tokenMark(row), row]));
    return Promise.all(keys.map((key) => this.#standing(key, found.get(tokenMark(key))!)));
  }

  /** A revocation is written to each token that it takes, so only one that is under way needs a walk. */
  async #standing(key: TokenKey, { known, revoked, open, impersonation }: Found): Promise<IssuedTokenStanding> {
    return {
      known: !!known,
      revoked: !!revoked || (!!open && (await isRevokedInLineage(this.#database, key))),
      ...(impersonation === null ? {} : { impersonation: JSON.parse(impersonation) as ImpersonationMark }),
    };
  }
}

function standings(dialect: Dialect, rows: RawBuilder<unknown>): RawBuilder<Found> {
  const mark = sql`revocation_marks where kind = 'token' and key = t.iss || ' ' || t.jti`;
  return sql`select t.iss, t.jti, ${OPEN_MARK} as open, p.jti is not null as known, p.impersonation,
      p.revoked_at is not null or ${anyOf(mark)} as revoked
    from ${rows} t ${tokenBeside(dialect, sql`t.iss`, sql`t.jti`)}`;
}
