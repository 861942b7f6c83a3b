import { describe, expect, it } from '@jest/globals';
import { repeatableParameter, singleParameter } from './form.js';

describe('RFC 6749 §3.2: parameters', () => {
  const form = new URLSearchParams('once=1&empty=&twice=1&twice=1&twice=&both=&both=');

  it('sent without a value are treated as omitted', () => {
    expect(singleParameter(form, 'empty')).toBeUndefined();
    expect(singleParameter(form, 'absent')).toBeUndefined();
    expect(repeatableParameter(form, 'empty')).toEqual([]);
  });

  it('must not be included more than once', () => {
    expect(singleParameter(form, 'once')).toBe('1');
    for (const name of ['twice', 'both']) {
      expect(() => singleParameter(form, name)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });

  it('may repeat where their specification says so (RFC 8693 §2.1), and count once', () => {
    expect(repeatableParameter(form, 'twice')).toEqual(['1']);
    expect(repeatableParameter(new URLSearchParams('a=1&a=2'), 'a')).toEqual(['1', '2']);
  });
});
