import { closeSync, constants, openSync, readSync } from 'node:fs';

/** Bytes that are read at a time. */
const CHUNK = 16 * 1024;

/** Milliseconds between two looks at a pipe that somebody writes to. */
const PAUSE = 10;

/**
 * What is in a file that has to be small, or comes through a pipe: whoever names another one by mistake is told so, before its content
 * has filled the memory. A FIFO that nobody writes to is empty.
 * @param most bytes
 * @throws Error of the system, with its `code`: EFBIG when there is more
 */
export function readSmallFile(path: string, most: number): Buffer {
  // otherwise the process would wait for somebody to write to a FIFO, and say nothing
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    let [length, read] = [0, 0];
    do {
      const chunk = Buffer.alloc(CHUNK);
      read = readNext(file, chunk);
      length += read;
      chunks.push(chunk.subarray(0, read));
    } while (read > 0 && length <= most);
    if (length > most) throw Object.assign(new Error(`${path} holds more than ${most} bytes`), { code: 'EFBIG' });
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

/** Waits for what somebody still writes into a pipe. */
function readNext(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
