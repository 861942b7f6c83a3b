import { describe, expect, it } from '@jest/globals';
import { repeatedKey } from '../../tools/repeated-key.ts';

describe('a key that stands twice in a line of a log', () => {
  it.each([
    ['beside itself', '{"level":40,"msg":"x","msg":"y"}', 'msg'],
    ['in an object within', '{"a":1,"b":{"x":1,"x":2}}', 'x'],
    ['in an object of a list', '{"a":[{"x":1},{"x":1,"y":[],"x":2}]}', 'x'],
  ])('%s', (_, line, key) => expect(repeatedKey(line)).toBe(key));

  it.each([
    ['in objects beside and within each other', '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}'],
    ['as a value', '{"a":"b","b":"a","c":"a"}'],
    ['within a text', '{"a":"{\\"x\\":1,\\"x\\":2}"}'],
    ['in a line of words', 'auth-server: port 1 is in use; "a": "a":'],
  ])('is none %s', (_, line) => expect(repeatedKey(line)).toBeUndefined());
});
