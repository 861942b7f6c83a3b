import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asScopes, asSet, type TokenRequest } from '../tokens/token-request.js';
import { cacheKey, sha256, type Requester } from './cache-key.js';

const requester: Requester = {
  issuer: 'https://issuer.example',
  clientId: 'user-service',
  authenticationMethod: 'client_secret_basic',
  preset: 'onbehalf',
  proofKeys: [],
};

const request: TokenRequest = {
  subject: { token: 'subject', type: 'access_token' },
  audiences: ['message-service'],
  resources: [],
  scopes: ['message.read'],
  parameters: {},
};

const keyOf = (changed: Partial<TokenRequest>, by: Partial<Requester> = {}): string =>
  cacheKey({ ...requester, ...by }, { ...request, ...changed });

describe('cacheKey', () => {
  it('is the same for the same exchange, whatever the order of its sets', () => {
    const one = { audiences: asSet(['b', 'a', 'b']), scopes: asScopes('y x') };
    const other = { audiences: asSet(['a', 'b']), scopes: asScopes(['x', 'y', 'x']) };
    expect(keyOf(one)).toBe(keyOf(other));
  });

  it('is the same for the same parameters in another order', () => {
    const one = { parameters: { a: '1', b: '2' } };
    const other = { parameters: { b: '2', a: '1' } };
    expect(keyOf(one)).toBe(keyOf(other));
    expect(keyOf(one)).not.toBe(keyOf({ parameters: { a: '2', b: '1' } }));
  });

  it('differs with every single thing that an exchange depends on', () => {
    const keys = [
      keyOf({}),
      keyOf({ subject: { token: 'other', type: 'access_token' } }),
      keyOf({ subject: { token: 'subject', type: 'jwt' } }),
      keyOf({ subject: undefined }),
      keyOf({ actor: { token: 'actor', type: 'access_token' } }),
      keyOf({ actor: { token: 'actor', type: 'jwt' } }),
      keyOf({ audiences: [] }),
      keyOf({ audiences: ['message-service', 'other'] }),
      keyOf({ resources: ['message-service'] }),
      keyOf({ audiences: [], resources: ['message-service'] }),
      keyOf({ scopes: [] }),
      keyOf({ scopes: ['message.read', 'message.write'] }),
      keyOf({ requestedType: 'jwt' }),
      keyOf({ parameters: { connection: 'one' } }),
      keyOf({ parameters: { connection: 'two' } }),
      keyOf({ tenant: 'acme' }),
      keyOf({}, { issuer: 'https://other.example' }),
      keyOf({}, { clientId: 'other' }),
      keyOf({}, { authenticationMethod: 'private_key_jwt' }),
      keyOf({}, { preset: 'keycloak' }),
      keyOf({}, { domain: ['id-jag', 'https://partner.example', 'x'] }),
      keyOf({}, { domain: ['id-jag', 'https://partner.example', 'y'] }),
      keyOf({}, { proofKeys: ['jkt'] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('keeps apart what delimiters, escapes, empty strings and look-alikes try to join', () => {
    const scopes = [[], [''], ['a b'], ['a', 'b'], ['a,b'], ['a","b'], ['["a","b"]'], ['a\u0000b'], ['a\\u0000b']];
    const unicode = [
      ['é'],
      ['e\u0301'],
      ['\ud800'],
      ['\udfff'],
      ['\ufffd'],
      ['\\ud800'],
      ['İ'],
      ['i̇'],
      ['null'],
      ['undefined'],
    ];
    const keys = [...scopes, ...unicode].flatMap((values) => [
      keyOf({ scopes: values, audiences: [] }),
      keyOf({ scopes: [], audiences: values }),
      keyOf({ scopes: [], audiences: [], resources: values }),
    ]);
    // of the empty list there is one, whichever member it stands in
    expect(new Set(keys).size).toBe(keys.length - 2);
  });

  it('does not let a tenant, a client or a user pass for another by what it is called', () => {
    const names = ['', 'null', '"acme"', 'acme', 'acme ', 'ACME', 'acme\u0000', 'acme","x', '["acme"]'];
    const keys = names.flatMap((name) => [
      keyOf({ tenant: name }),
      keyOf({}, { clientId: name }),
      keyOf({}, { issuer: name }),
      keyOf({ subject: { token: name, type: 'access_token' } }),
      keyOf({ actor: { token: name, type: 'access_token' } }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('differs for any two requests that differ (generated)', () => {
    const texts = fc.array(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('', ',', '"', ' ', '\\')),
      {
        maxLength: 3,
      },
    );
    const requests = fc.record({ audiences: texts.map(asSet), resources: texts.map(asSet), scopes: texts.map(asSet) });
    fc.assert(
      fc.property(requests, requests, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        return (keyOf(one) === keyOf(other)) === same;
      }),
      { numRuns: 3000 },
    );
  });

  it('holds neither a token nor a name, only a hash', () => {
    expect(keyOf({ tenant: 'acme' })).toMatch(/^[\w-]{43}$/);
  });

  it('hashes tokens whole: unpaired surrogates do not become one replacement character', () => {
    expect(sha256('\ud800')).not.toBe(sha256('\udfff'));
    expect(sha256('x'.repeat(100_000))).not.toBe(sha256(`${'x'.repeat(99_999)}y`));
  });
});
