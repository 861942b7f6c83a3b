import { describe, expect, it } from '@jest/globals';
import { isResourceIndicator } from './target.js';

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
    ['without a host', 'https://'],
    ['with a host that is none', 'https://[1'],
    ['empty', ''],
  ])('is no URI that is %s', (_name, uri) => {
    expect(isResourceIndicator(uri)).toBe(false);
  });
});
