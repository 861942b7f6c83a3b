import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSmallFile } from './read-small-file.js';

describe('a small file may be a FIFO', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onbehalf-fifo-'));
  const fifo = join(folder, 'fifo');
  beforeAll(() => {
    execFileSync('mkfifo', [fifo]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is empty where nobody writes to it, and holds nobody up', () => {
    expect(readSmallFile(fifo, 100)).toHaveLength(0);
  });

  it('is read to its end where somebody does', async () => {
    // what comes later is waited for: between the two, the pipe has nothing
    const writer = spawn('bash', ['-c', 'exec > "$0"; printf one; read -r -t 0.1; printf two', fifo]);
    expect(readWhenOpened()).toBe('onetwo');
    await once(writer, 'exit');
  });

  /** Empty until the writer is there. */
  function readWhenOpened(): string {
    for (;;) {
      const content = readSmallFile(fifo, 100).toString();
      if (content !== '') return content;
    }
  }
});
