import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes that are read at a time. */
const CHUNK = 16 * 1024;

/**
 * What is in a file that has to be small, or comes through a pipe: whoever names another one by mistake is told so, before its content
 * has filled the memory.
 * @param most bytes
 * @throws Error of the system, with its `code`: EFBIG when there is more
 */
export function readSmallFile(path: string, most: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let [length, read] = [0, 0];
    do {
      const chunk = Buffer.alloc(CHUNK);
      read = readSync(file, chunk);
      length += read;
      chunks.push(chunk.subarray(0, read));
    } while (read > 0 && length <= most);
    if (length > most) throw Object.assign(new Error(`${path} holds more than ${most} bytes`), { code: 'EFBIG' });
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}
