/** A process that moves a file to PostgreSQL and tells each line, until it is killed in the middle: it stands still after so many lines. */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { moveToPostgres } from '@onbehalf/authorization-store';

const [url, key, from, still] = process.argv.slice(2);
let lines = 0;
const write = (line) => {
  writeSync(1, `${line}\n`);
  lines += 1;
  if (lines === Number(still)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
process.exitCode = await moveToPostgres({ url, encryptionKeys: [key], sweepInterval: 0 }, from, write);
