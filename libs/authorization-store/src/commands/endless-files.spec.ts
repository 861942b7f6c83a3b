import { describe, expect, it } from '@jest/globals';
import { keysIn } from '../sealing/key-file.js';
import { readHeads } from './kept-heads.js';

describe('a file that never ends is refused before it has filled the memory', () => {
  it.each([
    ['the heads of a trail', readHeads],
    ['keys', keysIn],
  ])('as %s', (_, read) => expect(() => read('/dev/zero')).toThrow('EFBIG'));
});

it('a file without heads is refused: it would hold the trail to nothing', () => {
  expect(() => readHeads('/dev/null')).toThrow(
    '--heads is "/dev/null"; accepted: lines that audit-heads has written; it is empty',
  );
});
