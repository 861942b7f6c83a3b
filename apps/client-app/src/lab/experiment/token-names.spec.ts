import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createTestIssuer } from '@onbehalf/testing';
import { TokenNames } from './token-names.js';

describe('the names of tokens', () => {
  it('stand wherever a token would: in texts, in what is printed, in what is serialized', async () => {
    const issuer = await createTestIssuer();
    const text = await issuer.token({ sub: 'baeldung' });
    const names = new TokenNames();
    const token = names.name(text);
    expect(token.view).toMatchObject({ name: 'Token A', placeholder: '$TOKEN_A', claims: { sub: 'baeldung' } });
    expect(names.redact(`Bearer ${text}`)).toBe('Bearer $TOKEN_A');
    for (const told of [
      inspect(token, { depth: 9, showHidden: true }),
      JSON.stringify(token),
      JSON.stringify(names.views),
    ]) {
      expect(told).not.toContain(text);
      expect(told).not.toContain(text.split('.')[2]);
    }
  });

  it('stand for tokens that nobody has named, and for secrets', async () => {
    const names = new TokenNames();
    names.hide('s3cret', '$SECRET');
    const unknown = await (await createTestIssuer()).token();
    expect(names.redact(`a ${unknown} and s3cret`)).toBe('a $TOKEN and $SECRET');
  });

  it('name what is no JWT, too', () => {
    const names = new TokenNames();
    expect(names.name('opaque-4711').view).toEqual({
      name: 'Token A',
      placeholder: '$TOKEN_A',
      header: {},
      claims: {},
    });
    expect(names.redact('opaque-4711')).toBe('$TOKEN_A');
  });
});
