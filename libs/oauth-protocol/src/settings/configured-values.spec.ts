import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration-error.js';
import { fetchedUrl, httpUrl, noneUnset, onlyKnown } from './configured-values.js';

describe('a URL in options', () => {
  it.each(['https://as.example', 'http://as.example/path?query', 'https://[2001:db8::1]:8443'])('may be %s', (url) => {
    expect(httpUrl('issuer', url)).toBe(url);
  });

  it.each([undefined, 7, '', 'as.example', '/path', 'file:///etc/passwd', 'ftp://as.example'])('is not %j', (value) => {
    expect(() => httpUrl('issuer', value)).toThrow('accepted: an http or https URL');
  });

  it.each(['https://me@as.example', 'https://:word@as.example', 'https://me:word@as.example/#part'])(
    'holds no credentials, and shows none: %s',
    (url) => {
      expect(() => httpUrl('issuer', url)).toThrow('issuer is "(hidden)"; accepted: a URL without credentials');
    },
  );

  it.each(['https://as.example/#part', 'https://as.example#'])('has no fragment, not even an empty one: %s', (url) => {
    expect(() => httpUrl('issuer', url)).toThrow('accepted: a URL without fragment');
  });
});

describe('a URL that is fetched from', () => {
  it.each(['https://as.example', 'http://localhost:9001', 'http://app.localhost', 'http://127.0.0.1', 'http://[::1]'])(
    'may be %s',
    (url) => {
      expect(fetchedUrl('jwksUri', url)).toBe(url);
    },
  );

  it('comes over TLS from another machine, unless that is allowed expressly', () => {
    const url = 'http://as.example';
    expect(() => fetchedUrl('jwksUri', url)).toThrow(`jwksUri is "${url}"; accepted: an https URL, or an http one`);
    expect(fetchedUrl('jwksUri', url, true)).toBe(url);
    expect(() => fetchedUrl('jwksUri', 'http://me@as.example', true)).toThrow('without credentials');
  });
});

describe('options', () => {
  it('are the known ones', () => {
    expect(() => onlyKnown('cache.', { size: 1 }, ['size'])).not.toThrow();
    expect(() => onlyKnown('cache.', { sise: 1 }, ['size', 'age'])).toThrow(
      'cache.sise is "not an option"; accepted: size, age',
    );
  });

  it.each([
    [undefined, 'missing'],
    [null, 'missing'],
    ['a-secret', '"string"'],
  ])('are an object, and not %j', (given, shown) => {
    expect(() => onlyKnown('cache.', given as never, ['size'])).toThrow(
      `cache is ${shown}; accepted: an object of size`,
    );
    expect(() => onlyKnown('', given as never, ['size'])).toThrow(`options is ${shown}; accepted`);
  });

  it('are left out, and not undefined', () => {
    expect(() => noneUnset('cache.', { age: 1 }, ['size' as never, 'age'])).not.toThrow();
    expect(() => noneUnset('cache.', { size: undefined }, ['size'])).toThrow(
      'cache.size is missing; accepted: a value',
    );
  });

  it('belong to a module that the mistake names', () => {
    const mistake = new ConfigurationError('size', 0, 'more').of('SomeModule');
    expect(mistake).toMatchObject({ setting: 'SomeModule.size', message: 'SomeModule.size is 0; accepted: more' });
  });
});
