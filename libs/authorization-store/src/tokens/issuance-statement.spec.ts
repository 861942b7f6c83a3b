import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditField } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import { AuthorizationStore } from '../authorization-store.js';
import { DatabaseClock } from '../database/database-clock.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import type { Schema } from '../database/schema/schema.js';
import { connect, migrate } from '../open-store.js';
import { SealingKeys } from '../sealing/sealing-keys.js';

const databases = (await testDatabases()).filter(({ name }) => name === 'PostgreSQL');
const auditFields: AuditField[] = Array.from({ length: 20 }, (_, index) => ({
  ...{ name: `aFieldThatIsDeclared${index}`, description: 'of a feature', searchable: true },
}));

describe.each(databases)('the statement that records and inserts, on $name', (kind) => {
  let database: Kysely<Schema>;
  let store: AuthorizationStore;
  let issued = 0;
  beforeEach(async () => {
    const url = await kind.database();
    await migrate(url, { auditFields });
    database = connect(parseStoreUrl(url), { connections: 1 });
    const sealing = new SealingKeys([Buffer.alloc(32, 1).toString('base64')]);
    const clock = new DatabaseClock({ dialect: 'postgres' });
    store = new AuthorizationStore({
      ...{ database, dialect: 'postgres', sealing, clock },
      auditFields,
      templates: true,
    });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  const issue = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const jti = `token-${issued++}`;
      const token = {
        ...{ jti, clientId: 'client', subject: 'user' },
        audiences: ['service'],
        expiresAt: 4_000_000_000,
      };
      await store.recordIssued(token, {
        type: 'token_exchange',
        outcome: 'issued',
        clientId: 'client',
        issuedTokenId: jti,
      });
    }
  };
  const prepared = async () => {
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements
      where statement like '%inserted_records%'`.execute(database);
    return rows.map(({ statement }) => statement);
  };

  it('is planned once for each connection, however many columns features declare', async () => {
    await issue(3);
    expect(await prepared()).toHaveLength(1);
  });

  it('looks a template up, and does not read all that there are', async () => {
    await issue(3);
    const [statement = ''] = await prepared();
    const { rows } = await sql<Record<string, string>>`${sql.raw(`explain ${emptied(statement)}`)}`.execute(database);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/(?:Index|Bitmap Heap) [\w ]*on audit_templates/);
    expect(plan).not.toContain('Seq Scan on audit_templates');
  });
});

/** With no rows. */
function emptied(statement: string): string {
  return statement.replaceAll(/\$\d+/g, "'[]'");
}
