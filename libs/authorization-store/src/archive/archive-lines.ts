import { createReadStream } from 'node:fs';

const LINE_END = 0x0a;

/**
 * The lines of a file, by their line feeds alone: an event may hold other characters that end lines elsewhere.
 * The last one is given without its line feed being there, so that a file that was cut is noticed by its content.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_END, start);
      if (end === -1) break;
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString();
      rest = [];
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
  }
  const last = Buffer.concat(rest).toString();
  if (last !== '') yield last;
}
