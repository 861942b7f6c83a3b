import type {
  IndexedToken,
  IssuedTokenRecord,
  IssuedTokens,
  IssuedTokenStanding,
  RecordedEvent,
  RevocationPage,
} from '@onbehalf/authorization-ports';
import { sql, type Kysely } from 'kysely';
import type { Cursors } from '../database/epoch/cursor.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { RevocationKind, Schema } from '../database/schema/schema.js';
import { indexable } from '../database/statements/hash.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { RecordWriter } from './record-writer.js';
import type { TokenRow } from './token-insertion.js';
import { tokenMark, type TokenKey } from './token-key.js';
import { revoke } from './token-lineage.js';
import { TokenStandings } from './token-standings.js';
import { fromRow } from './token-record.js';

/** Seconds past their expiry for which guards may still accept tokens: their tolerance, and a clock that is late as much. */
const STILL_ACCEPTED = 60;

interface TokenIndexParts {
  readonly database: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly clock: DatabaseClock;
  readonly records: RecordWriter;
  readonly cursors: Cursors;
  readonly issuer?: string | undefined;
}

/**
 * The index of issued tokens: their lineage and what became of them (RFC 7009, RFC 7662). JWT access tokens are stored
 * nowhere else. An issuer that is left out, or is this server's own, means this server.
 */
export class TokenIndex implements IssuedTokens {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #clock: DatabaseClock;
  readonly #issuer: string | undefined;
  readonly #records: RecordWriter;
  readonly #standings: TokenStandings;
  readonly #cursors: Cursors;

  constructor({ database, dialect, clock, records, cursors, issuer }: TokenIndexParts) {
    this.#database = database;
    this.#dialect = dialect;
    this.#clock = clock;
    this.#issuer = issuer;
    this.#records = records;
    this.#cursors = cursors;
    this.#standings = new TokenStandings(database, dialect);
  }

  /**
   * Records a token before it leaves.
   * @returns false when the token must not leave, because something that it derives from was revoked meanwhile
   */
  async record(token: IssuedTokenRecord): Promise<boolean> {
    const { revoked } = await this.#records.write({ token: this.row(token) });
    return !revoked;
  }

  /** What the index knows of a token, and whether it, or anything that it was exchanged from, is revoked. */
  standing(jti: string, iss?: string): Promise<IssuedTokenStanding> {
    return this.#standings.of(this.#key(jti, iss));
  }

  /** Whether the token, or anything that it was exchanged from, is revoked. A token that is not known is not. */
  async isRevoked(jti: string, iss?: string): Promise<boolean> {
    return (await this.standing(jti, iss)).revoked;
  }

  /** The record of a token, with what became of it; `undefined` when it is not in the index. */
  async find(jti: string, iss?: string): Promise<IndexedToken | undefined> {
    const key = this.#key(jti, iss);
    const row = await this.#database
      .selectFrom('tokens')
      .selectAll()
      .where('iss', '=', key.iss)
      .where('jti', '=', key.jti)
      .executeTakeFirst();
    return row && fromRow(row, (await this.#standings.of(key)).revoked);
  }

  /** The tokens that were issued under a grant by itself and can be used, the newest first, a hundred at most. */
  async usable(grantId: string): Promise<IndexedToken[]> {
    const rows = await this.#database
      .selectFrom('tokens')
      .selectAll()
      .where('grant_id', '=', indexable(grantId))
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', this.#clock.now())
      .orderBy('recorded_at', 'desc')
      .limit(100)
      .execute();
    const standings = await Promise.all(rows.map((row) => this.#standings.of(row)));
    return rows.filter((_, i) => !standings[i]!.revoked).map((row) => fromRow(row, false));
  }

  /**
   * Revokes the token and everything that was exchanged from it. A token that is not in the index, such as one of a
   * foreign issuer, can be revoked too: what was exchanged from it ends with it.
   * @param event what the audit trail tells of it, in the transaction from which on it counts
   * @returns how many tokens of the index were revoked by this call
   */
  async revoke(jti: string, iss?: string, event?: RecordedEvent): Promise<number> {
    const key = this.#key(jti, iss);
    return this.#revoke('token', tokenMark(key), { token: key, event });
  }

  /** Revokes what was issued under the grant, with its descendants; `event` as for {@link revoke}. */
  async revokeByGrant(grantId: string, event?: RecordedEvent): Promise<number> {
    return this.#revoke('grant', indexable(grantId), { event });
  }

  /** Revokes what was issued in the session, with its descendants. */
  async revokeBySession(sessionId: string): Promise<number> {
    return this.#revoke('session', indexable(sessionId));
  }

  /**
   * Revoked tokens that a guard may still accept, in the order of their revocation.
   * @param cursor of the page before; left out to begin
   * @throws InvalidCursor
   */
  async revokedSince(cursor?: string, limit = 1000): Promise<RevocationPage> {
    const cursors = await this.#cursors.now();
    const [revocation, iss, jti] =
      cursor === undefined
        ? [0, '', '']
        : cursors.decode<[number, string, string]>(cursor, ['number', 'string', 'string']);
    const rows = await this.#database
      .selectFrom('tokens')
      .select(['iss', 'jti', 'expires_at', 'revocation'])
      .where('revocation', 'is not', null)
      .where(sql<boolean>`(revocation, iss, jti) > (${revocation}, ${iss}, ${jti})`)
      .where('expires_at', '>', this.#clock.now() - STILL_ACCEPTED)
      .orderBy('revocation')
      .orderBy('iss')
      .orderBy('jti')
      .limit(limit)
      .execute();
    const last = rows.at(-1);
    const tokens = rows.map((row) => ({
      ...(row.iss ? { iss: row.iss } : {}),
      jti: row.jti,
      expiresAt: row.expires_at,
    }));
    const position = last ? [last.revocation ?? 0, last.iss, last.jti] : [revocation, iss, jti];
    return { tokens, cursor: cursors.encode(position) };
  }

  /** A token as it is stored. */
  row(token: IssuedTokenRecord): TokenRow {
    const parent = token.parentJti === undefined ? undefined : this.#key(token.parentJti, token.parentIss);
    return {
      ...this.#key(token.jti, token.iss),
      parent_iss: parent?.iss ?? null,
      parent_jti: parent?.jti ?? null,
      client_id: indexable(token.clientId),
      subject: indexable(token.subject),
      session_id: token.sessionId === undefined ? null : indexable(token.sessionId),
      grant_id: token.grantId === undefined ? null : indexable(token.grantId),
      audiences: JSON.stringify(token.audiences),
      recorded_at: this.#clock.milliseconds(),
      expires_at: Math.ceil(token.expiresAt),
      subject_life: token.subjectLife ?? null,
      client_life: token.clientLife ?? null,
      impersonation: token.impersonation ? JSON.stringify(token.impersonation) : null,
    };
  }

  #revoke(
    kind: RevocationKind,
    mark: string,
    { token, event }: { token?: TokenKey; event?: RecordedEvent | undefined } = {},
  ): Promise<number> {
    const revocation = { kind, mark, ...(token && { token }) };
    if (!event) return revoke(this.#database, this.#dialect, revocation, this.#clock);
    return revoke(this.#database, this.#dialect, revocation, this.#clock, (work) =>
      this.#records.change((transaction, tell) => {
        tell(event);
        return work(transaction);
      }),
    );
  }

  #key(jti: string, iss?: string): TokenKey {
    return { iss: iss === undefined || iss === this.#issuer ? '' : indexable(iss), jti: indexable(jti) };
  }
}
