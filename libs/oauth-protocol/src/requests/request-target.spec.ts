import { describe, expect, it } from '@jest/globals';
import { isNormalPath, isRequestTarget } from './request-target.js';

describe('a request target', () => {
  it.each([
    '/',
    '/oauth2/token',
    '/login?next=//x/../%2e&y=[1]|{2}^`"<>',
    '/admin/edges/a%3Ab%2Fc',
    "/~x!$&'()*+,;=:@-._",
  ])('may be %s', (target) => {
    expect(isRequestTarget(target)).toBe(true);
  });

  it.each([
    ...['', '*', 'x', '//', '//other-host/x', '//[', '\\x', 'http://other-host/x', 'other-host:443'],
    ...['/x#y', '/x\\y', '/x\\#y', '/x?y#z', '/x?y\\z', '/x y', '/x\ty', '/x\ny', '/x\u007f', '/x\u0000', '/\u00f6'],
    ...['/x\u00a0', '/x\ufeff'],
  ])('is not %j', (target) => {
    expect(isRequestTarget(target)).toBe(false);
  });
});

describe('the normal form of a path', () => {
  it.each(['/', '/x', '/x/', '/.well-known/x', '/x/..y', '/x/y..', '/x/...', '/x/.y/z', '/x%2Fy', '/x%2Ey'])(
    'is kept by %s',
    (path) => {
      expect(isNormalPath(path)).toBe(true);
    },
  );

  it.each([
    ...['//', '//x', '/x//', '/x//y', '/.', '/..', '/x/.', '/x/..', '/x/./y', '/x/../y'],
    ...['/%2e', '/x/%2E%2e/y', '/x/.%2E', '/x/%2e/'],
  ])('is not kept by %s', (path) => {
    expect(isNormalPath(path)).toBe(false);
  });
});
