import type { ConsentStore, NewConsent, StandingConsent } from '@onbehalf/authorization-ports';
import { sql, type Insertable, type Kysely, type Transaction } from 'kysely';
import { indexable, sha256 } from '../database/statements/hash.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { ConsentTable, Schema } from '../database/schema/schema.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { excludeInsertions } from '../tokens/revocation-lock.js';
import { applyMark, openMark, type Revocation } from '../tokens/token-lineage.js';

/** The end of a grant that is committed, while its tokens have yet to be revoked. */
type EndedGrant = Revocation & { readonly round: number };

const KEY = ['subject', 'client_id', 'kind', 'audience', 'scope'] as const;

/** What users let clients do: one row for each scope. */
export class Consents implements ConsentStore {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #records: RecordWriter;
  readonly #clock: DatabaseClock;

  constructor(database: Kysely<Schema>, dialect: Dialect, records: RecordWriter, clock: DatabaseClock) {
    this.#database = database;
    this.#dialect = dialect;
    this.#records = records;
    this.#clock = clock;
  }

  async give(consent: NewConsent, event: object): Promise<void> {
    const rows = this.#rows(consent);
    const { subject, client_id } = parties(consent.subject, consent.clientId);
    const grant = { grant_id: indexable(consent.grantId), subject, client_id, expires_at: consent.grantExpiresAt };
    await this.#records.change(async (transaction, tell) => {
      tell(event);
      if (rows.length > 0) await keep(transaction, rows, this.#clock.now());
      await transaction
        .insertInto('consented_grants')
        .values(grant)
        .onConflict((conflict) => conflict.column('grant_id').doUpdateSet({ expires_at: grant.expires_at }))
        .execute();
    });
  }

  async of(subject: string, subjectLife: number): Promise<readonly StandingConsent[]> {
    const rows = await this.#database
      .selectFrom('consents')
      .selectAll()
      .where('subject', '=', indexable(subject))
      .where('subject_life', '=', subjectLife)
      .where('expires_at', '>', this.#clock.now())
      .orderBy('client_id')
      .orderBy('audience')
      .orderBy('scope')
      .execute();
    return rows.map(({ client_id: clientId, client_life: clientLife, kind, scope, audience, ...row }) => ({
      clientId,
      clientLife,
      kind,
      scope,
      ...(audience !== '' && { audience }),
      since: row.given_at,
      expiresAt: row.expires_at,
      ...(row.grant_id !== null && { grantId: row.grant_id }),
    }));
  }

  async withdraw(subject: string, clientId: string, event: object): Promise<readonly string[] | undefined> {
    const of = parties(subject, clientId);
    const ended = await this.#records.change(async (transaction, tell) => {
      // so that none is issued meanwhile that the marks do not take
      await excludeInsertions(transaction, this.#dialect);
      const { consents, grants } = await forgetConsents(transaction, of);
      const ends = [...new Set([...grants, ...(await grantsOfTokens(transaction, of))])];
      if (consents === 0 && ends.length === 0) return undefined;
      tell(event);
      return endGrants(transaction, ends, this.#clock);
    });
    // a crash before leaves it to the sweeper
    const revoking = { database: this.#database, dialect: this.#dialect, now: this.#clock.now() };
    for (const { round, ...revocation } of ended ?? []) await applyMark(revoking, revocation, round);
    return ended?.map(({ mark }) => mark);
  }

  #rows({
    subject,
    clientId,
    kind,
    scopes,
    expiresAt,
    subjectLife,
    clientLife,
    grantId,
  }: NewConsent): Insertable<ConsentTable>[] {
    return scopes.map(({ scope, audience = '' }) => ({
      ...parties(subject, clientId),
      kind,
      audience: indexable(audience),
      scope: indexable(scope),
      subject_life: subjectLife,
      client_life: clientLife,
      given_at: this.#clock.now(),
      expires_at: expiresAt,
      grant_id: indexable(grantId),
    }));
  }
}

function parties(subject: string, clientId: string): Pick<ConsentTable, 'subject' | 'client_id'> {
  return { subject: indexable(subject), client_id: indexable(clientId) };
}

/** Renews what is given again; what was of other lives, or has ended, begins afresh. */
async function keep(
  transaction: Transaction<Schema>,
  rows: readonly Insertable<ConsentTable>[],
  now: number,
): Promise<void> {
  const goesOn = sql<boolean>`consents.subject_life = excluded.subject_life
    and consents.client_life = excluded.client_life and consents.expires_at > ${now}`;
  await transaction
    .insertInto('consents')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(KEY).doUpdateSet({
        given_at: sql`case when ${goesOn} then consents.given_at else excluded.given_at end`,
        subject_life: sql`excluded.subject_life`,
        client_life: sql`excluded.client_life`,
        expires_at: sql`excluded.expires_at`,
        grant_id: sql`excluded.grant_id`,
      }),
    )
    .execute();
}

/** Forgets the consents, and which grants came of them, of a user, a client, or one of the other. */
export async function forgetConsents(
  transaction: Transaction<Schema>,
  of: Partial<Pick<ConsentTable, 'subject' | 'client_id'>>,
): Promise<{ readonly consents: number; readonly grants: readonly string[] }> {
  const matching = sql.join(
    Object.entries(of).map(([column, value]) => sql`${sql.ref(column)} = ${value}`),
    sql` and `,
  );
  const { numAffectedRows = 0n } = await sql`delete from consents where ${matching}`.execute(transaction);
  const { rows } = await sql<{ grant_id: string }>`delete from consented_grants where ${matching}
    returning grant_id`.execute(transaction);
  return { consents: Number(numAffectedRows), grants: rows.map(({ grant_id }) => grant_id) };
}

/** Grants of versions that did not keep which came of a consent, as long as tokens of them live. */
async function grantsOfTokens(
  transaction: Transaction<Schema>,
  { subject, client_id }: Pick<ConsentTable, 'subject' | 'client_id'>,
): Promise<string[]> {
  const rows = await transaction
    .selectFrom('tokens')
    .select('grant_id')
    .distinct()
    .where('subject', '=', subject)
    .where('client_id', '=', client_id)
    .where('grant_id', 'is not', null)
    .execute();
  return rows.flatMap(({ grant_id }) => grant_id ?? []);
}

/** @param transaction excludes insertions */
async function endGrants(
  transaction: Transaction<Schema>,
  grants: readonly string[],
  clock: DatabaseClock,
): Promise<EndedGrant[]> {
  if (grants.length === 0) return [];
  const hashes = grants.map(sha256);
  await transaction.deleteFrom('provider_records').where('grant_hash', 'in', hashes).execute();
  const own = transaction.deleteFrom('provider_records').where('model', '=', 'Grant');
  await own.where('id_hash', 'in', hashes).execute();
  const ended: EndedGrant[] = [];
  for (const mark of grants) {
    const revocation = { kind: 'grant' as const, mark };
    ended.push({ ...revocation, round: await openMark(transaction, revocation, clock) });
  }
  return ended;
}
