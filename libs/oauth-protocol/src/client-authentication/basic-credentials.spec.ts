import { describe, expect, it } from '@jest/globals';
import { formatBasicCredentials } from './basic-credentials.js';

describe('RFC 6749 §2.3.1: client_secret_basic', () => {
  it.each([
    ['plain credentials', 'user-service', 'secret', 'user-service:secret'],
    ['a colon', 'a:b', 'c:d', 'a%3Ab:c%3Ad'],
    ['a space', 'a b', 'c d', 'a+b:c+d'],
    ['a plus and a percent', 'a+b', '100%', 'a%2Bb:100%25'],
    ['other scripts', 'größe', '密', 'gr%C3%B6%C3%9Fe:%E5%AF%86'],
  ])('form-encodes %s', (_, clientId, secret, decoded) => {
    const [scheme, credentials = ''] = formatBasicCredentials(clientId, secret).split(' ');
    expect([scheme, Buffer.from(credentials, 'base64').toString()]).toEqual(['Basic', decoded]);
  });
});
