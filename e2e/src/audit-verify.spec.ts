import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
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

  async function verify(): Promise<{ code: number; output: string }> {
    const process_ = spawn(process.execPath, [command, 'audit-verify'], { env: { ...process.env, DATABASE_URL } });
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

  it('says where a record was edited, and exits with 1', async () => {
    const database = new DatabaseSync(file);
    const { sequence } = database
      .prepare(
        `update audit_records set event = replace(event, 'issued', 'rejected')
        where sequence = (select min(sequence) from audit_records where type = 'token_exchange') returning sequence`,
      )
      .get() as { sequence: number };
    database.close();
    const { code, output } = await verify();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^broken at writer \\S+, record ${sequence}: `));
  });
});
