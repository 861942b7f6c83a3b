import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { readHeads } from '../commands/kept-heads.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import type { AuditGap } from './audit-gap.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('a copy that was restored on $name and misses the last records', (kind) => {
  let directory: string;
  let url: string;
  let store: AuthorizationStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-restored-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  const append = async (count: number) => {
    for (let index = 0; index < count; index += 1) await store.audit.append({ type: 'e', clientId: `c${index}` });
  };
  const gapsOf = async (heads = readHeads(join(directory, 'heads'))) => {
    const verification = await store.audit.verify({ heads });
    return verification.ok ? [] : verification.brokenAt.map(({ gap }) => gap!);
  };

  /** In a process of its own, as the command does. */
  const acknowledge = async (gaps: readonly AuditGap[]) => {
    const command = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await command.audit.acknowledge(gaps, { by: 'anna', reason: 'restored from the backup' });
    await command.close();
  };

  it('is told by the heads that were kept elsewhere, and whole once that is acknowledged', async () => {
    const { writer } = store.audit;
    await append(5);
    const restore = await copyOf(url, directory);
    await append(3);
    const heads = await store.audit.heads();
    await writeFile(join(directory, 'heads'), heads.map((head) => `${JSON.stringify(head)}\n`).join(''));
    const last = heads[0]!.hash;
    await store.close();
    await restore();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    expect(await gapsOf([])).toEqual([]);
    expect(await gapsOf()).toEqual([{ writer, from: 6, to: 8, after: expect.any(String), lost: last }]);
    await acknowledge(await gapsOf());
    expect(await gapsOf()).toEqual([]);
    // heads that nobody has seen are none that were lost
    expect(await gapsOf([{ writer, sequence: 8, hash: 'another' }])).toHaveLength(1);
    expect(await gapsOf([{ writer, sequence: 9, hash: last }])).toHaveLength(1);
  });

  if (kind.name === 'PostgreSQL') {
    it('has a hole where a server went on that did not notice, and is whole once that is acknowledged', async () => {
      const { writer } = store.audit;
      await append(5);
      const restore = await copyOf(url, directory);
      await append(3);
      const heads = await store.audit.heads();
      await restore();
      await append(2);
      const found = await gapsOf([]);
      expect(found).toEqual([{ writer, from: 6, to: 8, after: expect.any(String), lost: heads[0]!.hash }]);
      expect(await gapsOf(heads)).toEqual(found);
      await acknowledge(found);
      expect(await gapsOf([])).toEqual([]);
      expect(await gapsOf(heads)).toEqual([]);
      await append(2);
      expect(await store.audit.verify({ heads })).toMatchObject({ ok: true, acknowledged: [{ by: 'anna' }] });
    });
  }
});

/** Makes a copy of the database as it is now. Returns what puts it back. */
async function copyOf(url: string, directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'copy');
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    const source = new DatabaseSync(file);
    await backup(source, path);
    source.close();
    return async () => {
      await Promise.all([`${file}-wal`, `${file}-shm`].map((name) => rm(name, { force: true })));
      const copy = new DatabaseSync(path);
      await backup(copy, file);
      copy.close();
    };
  }
  const { address, schema } = placeOf(url);
  postgres('pg_dump', ['-Fc', '-n', schema, '-f', path, address]);
  return async () => {
    const database = connect(parseStoreUrl(url));
    await sql`drop schema ${sql.id(schema)} cascade`.execute(database);
    await database.destroy();
    postgres('pg_restore', ['-d', address, path]);
  };
}

function placeOf(url: string): { readonly address: string; readonly schema: string } {
  const place = new URL(url);
  const schema = /search_path=(\w+)/.exec(place.searchParams.get('options') ?? '')![1]!;
  place.search = '';
  return { address: place.href, schema };
}

function postgres(program: string, args: readonly string[]): void {
  const installed = '/usr/lib/postgresql';
  const versions = existsSync(installed)
    ? readdirSync(installed).sort((one, other) => Number(other) - Number(one))
    : [];
  const path = versions.map((version) => join(installed, version, 'bin', program)).find((each) => existsSync(each));
  execFileSync(path ?? program, args);
}
