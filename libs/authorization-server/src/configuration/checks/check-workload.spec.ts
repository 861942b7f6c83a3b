import { describe, expect, it } from '@jest/globals';
import { createTestCluster } from '@onbehalf/testing-internal';
import { parseServerConfig } from '../read-server-config.js';
import { isSubject } from './check-workload.js';

const cluster = await createTestCluster();
const account = (name: string): string => `system:serviceaccount:${name}`;
const client = (clientId: string, subject: string, more: object = {}, workload: object = {}) => ({
  clientId,
  authentication: 'private_key_jwt',
  grantTypes: ['client_credentials'],
  workload: { issuer: cluster.issuer, subject, ...workload },
  ...more,
});
const read = (clients: readonly object[], trusted: object = {}) =>
  parseServerConfig({ clients, trustedIssuers: [{ ...cluster.trusted, ...trusted }] }, {});

describe('workloads in the configuration', () => {
  it('a workload has the audience and the longest life that nothing else is said of', () => {
    const [only] = read([client('a', account('shop:a'))]).clients;
    expect(only!.workload).toEqual({ issuer: cluster.issuer, subject: account('shop:a'), maxLifetime: 3600 });
  });

  it.each([
    ['the same names elsewhere', [client('a', account('shop:a')), client('b', account('shop2:a'))]],
    ['two patterns', [client('a', account('shop:*')), client('b', account('shop2:*'))]],
    ['a SPIFFE ID', [client('a', 'spiffe://shop.test/ns/shop/sa/*'), client('b', 'spiffe://shop.test/ns/jobs/sa/*')]],
  ])('accepts %s', (_, clients) => {
    expect(read(clients).clients).toHaveLength(2);
  });

  const WHOLE = 'a subject without spaces, whose last segment alone may be *';
  const KUBERNETES = 'system:serviceaccount:<namespace>:<name>, where the name may be *';
  it.each<[string, string, string]>([
    ['everybody', '*', WHOLE],
    ['a namespace that is open', account('*:user-service'), WHOLE],
    ['everything open', account('*:*'), WHOLE],
    ['the beginning of a namespace', account('shop-*:a'), WHOLE],
    ['the beginning of a name', account('shop:user-*'), WHOLE],
    ['an open end of no segment', 'repo:shop/app*', WHOLE],
    ['two stars', account('shop:**'), WHOLE],
    ['a space', account('shop:a b'), WHOLE],
    ['all namespaces', account('*'), KUBERNETES],
    ['a namespace alone', account('shop'), KUBERNETES],
    ['a further segment', account('shop:a:*'), KUBERNETES],
    ['capitals', account('Shop:a'), KUBERNETES],
    ['nothing', '', 'a non-empty string'],
  ])('refuses the subject of %s', (_, subject, accepted) => {
    expect(() => read([client('a', subject)])).toThrow(
      `configuration: clients[0].workload.subject is ${JSON.stringify(subject)}; accepted: ${accepted}`,
    );
  });

  it.each<[string, string, string]>([
    ['the same subject', account('shop:a'), account('shop:a')],
    ['the same pattern', account('shop:*'), account('shop:*')],
    ['a pattern with it', account('shop:a'), account('shop:*')],
    ['one within a pattern', account('shop:*'), account('shop:a')],
  ])('two clients with %s are a mistake', (_, first, second) => {
    expect(() => read([client('a', first), client('b', second)])).toThrow(
      `configuration: clients[0].workload.subject is ${JSON.stringify(first)}; accepted: a subject that is not also that of the client b`,
    );
  });

  const one = account('shop:a');
  it.each<[string, object, object, object, string]>([
    [
      'an issuer that nobody trusts',
      {},
      { issuer: 'https://other.test' },
      {},
      `clients[0].workload.issuer is "https://other.test"; accepted: ${cluster.issuer}`,
    ],
    [
      'an issuer that is trusted for something else',
      {},
      {},
      { usages: ['exchange'], types: ['jwt'] },
      `clients[0].workload.issuer is "${cluster.issuer}"; accepted: a trusted issuer of the usage workload`,
    ],
    [
      'the audience of the API server',
      {},
      { audience: 'https://kubernetes.default.svc' },
      {},
      'clients[0].workload.audience is "https://kubernetes.default.svc"; accepted: an audience that is not the API server of the cluster',
    ],
    [
      'an audience that is the cluster',
      {},
      { issuer: 'https://oidc.test/id/1', audience: 'https://oidc.test/id/1' },
      { issuer: 'https://oidc.test/id/1' },
      'clients[0].workload.audience is "https://oidc.test/id/1"; accepted: an audience that is not the issuer itself',
    ],
    [
      'tokens for months',
      {},
      { maxLifetime: 86_401 },
      {},
      'clients[0].workload.maxLifetime is 86401; accepted: at most 86400 seconds',
    ],
    [
      'a secret beside it',
      { authentication: 'client_secret_basic', secret: 'x'.repeat(32) },
      {},
      {},
      'clients[0].authentication is "client_secret_basic"; accepted: private_key_jwt, because there is a workload',
    ],
    [
      'a public client',
      { authentication: 'none', grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'] },
      {},
      {},
      'clients[0].authentication is "none"; accepted: private_key_jwt, because there is a workload',
    ],
    [
      'keys beside it',
      { jwks: cluster.jwks },
      {},
      {},
      'clients[0].jwks is "(hidden)"; accepted: no keys, because those of the workload are used',
    ],
    [
      'an audience of assertions',
      { assertionAudience: 'token_endpoint' },
      {},
      {},
      'clients[0].assertionAudience is "token_endpoint"; accepted: workload.audience in its place, because there is a workload',
    ],
    [
      'an issuer that is trusted for more',
      {},
      {},
      { usages: ['workload', 'exchange'] },
      'trustedIssuers[0].usages is ["workload","exchange"]; accepted: workload alone',
    ],
    [
      'an issuer that has a profile',
      {},
      {},
      { profile: 'spring' },
      'trustedIssuers[0].profile is "spring"; accepted: nothing, because workloads are known by sub alone',
    ],
  ])('refuses %s', (_, more, workload, trusted, message) => {
    expect(() => read([client('a', one, more, workload)], trusted)).toThrow(`configuration: ${message}`);
  });

  it.each<[string, string, boolean]>([
    [one, one, true],
    [one, account('shop:aa'), false],
    [account('shop:*'), account('shop:any'), true],
    [account('shop:*'), account('shop:'), false],
    [account('shop:*'), account('shop'), false],
    [account('shop:*'), account('shop:a:b'), false],
    [account('shop:*'), account('shop2:a'), false],
    ['spiffe://shop.test/ns/*', 'spiffe://shop.test/ns/a/b', false],
    ['spiffe://shop.test/ns/*', 'spiffe://shop.test/ns/a', true],
  ])('%s: %s is it: %s', (registered, subject, is) => {
    expect(isSubject(registered, subject)).toBe(is);
  });
});
