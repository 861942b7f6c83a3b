import { expect, it } from '@jest/globals';
import { asciiLowerCase } from './ascii-lower-case.js';

it.each([
  ['Alice@HOME.example', 'alice@home.example'],
  ['\u212Aate', '\u212Aate'],
  ['\u212Bsa', '\u212Bsa'],
  ['ÄÖ', 'ÄÖ'],
  ['\u0130d', '\u0130d'],
])('%s has its ASCII letters in lower case, and the others as they are', (text, expected) => {
  expect(asciiLowerCase(text)).toBe(expected);
});
