import { describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer } from '@onbehalf/testing';
import { createExchange, ExchangeLab, GREETING, RECEIPT } from '../exchange.fixture.js';
import { JwtVerifier, OwnAccessTokenVerifier, RegisteredPolicy } from '../index.js';

describe('registration', () => {
  it('refuses two verifiers of one token type at start, in one line', async () => {
    const server = await createTestIssuer();
    const verifiers = [new JwtVerifier(server), new OwnAccessTokenVerifier(server), new JwtVerifier(server)];
    const start = (): unknown => createExchange(server, { clients: [], resources: [], edges: [] }, { verifiers });
    expect(start).toThrow(`verifiers is "${TokenType.Jwt}"; accepted: each token type once`);
  });

  it('tells the supported types from the same arrays', async () => {
    const { exchange } = await ExchangeLab.open();
    expect(exchange.presentableBy('urn:example:no-grant')).toEqual([]);
    expect(exchange.presentableTypes).toEqual([TokenType.AccessToken, TokenType.Jwt, GREETING]);
    expect(exchange.requestableTypes).toEqual([TokenType.AccessToken, TokenType.Jwt, RECEIPT]);
  });
});

describe('RegisteredPolicy', () => {
  const policy = new RegisteredPolicy({
    clients: [{ clientId: 'a', enabled: true, confidential: true, represents: ['a'] }],
    resources: [
      { audience: 'b', resource: 'https://b.example', scopes: [] },
      { audience: 'c', scopes: [] },
    ],
    edges: [{ client: 'a', subjectAudience: 'a', target: 'b', mode: 'delegation', scopes: {} }],
  });

  it('finds by exact names and nothing else', () => {
    expect(policy.client('a')?.clientId).toBe('a');
    expect(policy.client('__proto__')).toBeUndefined();
    expect(policy.resource('https://b.example')).toBe(policy.resource('b'));
    expect(policy.resource('c')?.audience).toBe('c');
    expect(policy.resource('constructor')).toBeUndefined();
    expect(policy.edges('a', ['x', 'a'], 'b')).toHaveLength(1);
    expect([policy.edges('x', ['a'], 'b'), policy.edges('a', [], 'b'), policy.edges('a', ['a'], 'c')]).toEqual([
      [],
      [],
      [],
    ]);
  });
});
