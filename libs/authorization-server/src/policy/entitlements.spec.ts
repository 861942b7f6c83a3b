import { describe, expect, it } from '@jest/globals';
import { parseServerConfig } from '../configuration/read-server-config.js';
import { Entitlements } from './entitlements.js';

describe('what a token still holds', () => {
  const config = parseServerConfig({ resources: [{ audience: 'crm', scopes: ['read'] }] }, {});
  const entitlements = new Entitlements(config, { find: () => ({ enabled: true, protected: false }) });

  it.each<[string, string, readonly string[]]>([
    ['what its resource knows', 'crm', ['read']],
    ['nothing at a resource that is registered no more', 'gone', []],
  ])('%s', (_, audience, left) => {
    // "write" was one of its scopes when the token was issued
    expect(entitlements.left('alice', [audience], ['read', 'write'])).toEqual(left);
  });
});
