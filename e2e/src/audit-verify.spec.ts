import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { System } from '../../tools/system.ts';
import { exchangeOwnToken } from './user-service-client.js';

const command = fileURLToPath(new URL('../../apps/auth-server/dist/commands/store.js', import.meta.url));

describe('audit-verify, on what a server has written', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'audit-verify-')), 'store.db');
  const DATABASE_URL = `sqlite:${file}`;

  beforeAll(async () => {
    const system = await (await System.onFreePorts({ DATABASE_URL })).up('auth-server');
    expect(await exchangeOwnToken(system.url('auth-server'), 5)).toEqual(Array(5).fill(200));
    await system.down();
  }, 30_000);

  const verify = () => run('audit-verify');

  async function run(...words: readonly string[]): Promise<{ code: number; output: string }> {
    const process_ = spawn(process.execPath, [command, ...words], { env: { ...process.env, DATABASE_URL } });
    let output = '';
    process_.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(process_, 'close')) as [number];
    return { code, output };
  }

  it('says that it is whole, and exits with 0', async () => {
    expect(await verify()).toEqual({
      code: 0,
      output: expect.stringMatching(/^the audit trail is whole: \d+ records/),
    });
  });

  it('says that records are gone, until somebody acknowledges that, and who did', async () => {
    const database = new DatabaseSync(file);
    database.exec(`delete from audit_records where sequence = (select max(sequence) from audit_records)`);
    database.close();
    expect(await verify()).toEqual({
      code: 1,
      output: expect.stringMatching(/^broken at .*: record \d+ is missing\n$/),
    });
    const told = await run('audit-acknowledge-gap', '--dry-run');
    expect(told).toEqual({
      code: 1,
      output: expect.stringMatching(/^would be acknowledged: \S+\/(\d+)-\1: record \1, /),
    });
    const done = await run('audit-acknowledge-gap', '--by', 'anna', '--reason=restored');
    expect(done).toMatchObject({ code: 0, output: expect.stringMatching(/^acknowledged /) });
    const { code, output } = await verify();
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(
        /whole but for 1 acknowledged gap: .*\nacknowledged .* is gone, says anna on .*: restored\n$/,
      ),
    });
  });

  it('moves what is old into an archive, and goes on over both', async () => {
    const archive = `${file}.jsonl`;
    const before = new Date().toISOString();
    const done = await run('audit-archive', '--before', before, `--out=${archive}`);
    expect(done).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^archived \d+ records of \d+ chains in .*\ndeleted /),
    });
    expect(await run('audit-verify', '--archive', archive)).toMatchObject({ code: 0 });
    const lines = readFileSync(archive, 'utf8').split('\n');
    writeFileSync(archive, lines.toSpliced(3, 1).join('\n'));
    const { code, output } = await run('audit-verify', '--archive', archive);
    expect([code, output]).toEqual([1, expect.stringMatching(/^broken archive .*\.jsonl: /)]);
  });

  it('says where a record was edited, and exits with 1', async () => {
    const database = new DatabaseSync(file);
    const { sequence } = database
      .prepare(
        `update audit_records set event = replace(event, 'accepted', 'rejected')
        where sequence = (select min(sequence) from audit_records where type = 'audit_archived') returning sequence`,
      )
      .get() as { sequence: number };
    database.close();
    const { code, output } = await verify();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^broken at writer \\S+, record ${sequence}: `, 'm'));
  });
});
