import { describe, expect, it } from '@jest/globals';
import { isLoopbackUrl } from './loopback.js';

describe('whether a URL leads to this machine only', () => {
  it.each([
    ['http://localhost:9001', true],
    ['http://app.localhost', true],
    ['http://127.0.0.1', true],
    ['http://127.9.9.9', true],
    ['http://[::1]:1', true],
    ['http://auth-server:9001', false],
    ['http://localhost.example', false],
    ['http://127.example', false],
    ['http://127.0.0.1.example', false],
    ['http://localhost@as.example', false],
    ['no URL, which is refused for that', true],
  ])('%s: %s', (url, expected) => {
    expect(isLoopbackUrl(url)).toBe(expected);
  });
});
