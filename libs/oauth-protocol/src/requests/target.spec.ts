import { describe, expect, it } from '@jest/globals';
import { isResourceIndicator, normalizeUri } from './target.js';

describe('RFC 8707 §2: resource', () => {
  it.each(['https://api.example', 'https://api.example/a?b=c', 'urn:example:api', 'http://localhost:8081'])(
    'may be %s',
    (uri) => {
      expect(isResourceIndicator(uri)).toBe(true);
    },
  );

  it.each([
    ['relative', '/api'],
    ['without a scheme', 'api.example'],
    ['without more than a scheme', 'https:'],
    ['with a fragment', 'https://api.example#a'],
    ['with an empty fragment', 'https://api.example#'],
    ['with blanks', 'https://api.example/a b'],
    ['with a blank before it', ' https://api.example'],
    ['with a control character', 'https://api.example/\u0000'],
    ['with half a character', 'https://api.example/\ud800'],
    ['without a host', 'https://'],
    ['with a host that is none', 'https://[1'],
    ['empty', ''],
  ])('is no URI that is %s', (_name, uri) => {
    expect(isResourceIndicator(uri)).toBe(false);
  });
});

describe('RFC 3986 §6.2.3: a URI has one spelling', () => {
  it.each([
    ['HTTP://Host', 'http://host/'],
    ['http://host:80', 'http://host/'],
    ['http://host:/a', 'http://host/a'],
    ['https://host:443?b', 'https://host/?b'],
    ['https://User:Pass@HOST/A%2fb', 'https://User:Pass@host/A%2fb'],
    ['URN:Example:A', 'urn:Example:A'],
    ['Redis://Host', 'redis://host'],
  ])('%s is %s', (uri, normal) => {
    expect(normalizeUri(uri)).toBe(normal);
  });

  it.each(['http://host:443/', 'https://host:80/', 'http://host/a/', 'http://host/A/../b', 'a name', 'http://ä/', ''])(
    '%s stays as it is',
    (uri) => {
      expect(normalizeUri(uri)).toBe(uri);
    },
  );
});
