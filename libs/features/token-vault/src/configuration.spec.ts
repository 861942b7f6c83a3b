import { describe, expect, it } from '@jest/globals';
import { parseServerConfig, serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import { features, vaultEdge, vaultFile } from './vault-world.fixture.js';

const ISSUER = 'http://localhost:9001';
const address = (port: number) => ({
  issuer: `http://localhost:${port}`,
  clientId: 'vault',
  clientSecret: 'of this test',
});
const file = vaultFile(ISSUER, address(9003), address(9004));
const parse = (change: object = {}) => parseServerConfig({ ...file, ...change }, {}, { sections: features.all });
const { providers: both } = file.tokenVault as { providers: [object, object] };
const [calendar, mail] = both;
/** The first provider with these differences. */
const provider = (change: object) => ({ tokenVault: { providers: [{ ...calendar, ...change }, mail] } });
const edges = (change: object) => ({ edges: [vaultEdge(change)] });
const endpoints = { authorization: 'https://calendar.example/a', token: 'https://calendar.example/t' };

describe('the configuration of linked accounts', () => {
  it('is accepted as the tests have it', () => expect(() => parse()).not.toThrow());

  it.each<[string, object, string]>([
    [
      'third parties without the section',
      { tokenVault: undefined, resources: file.resources.slice(0, 3), clients: [], users: [], edges: [] },
      'resources[1].kind is "third_party"; accepted: this kind only with the section tokenVault',
    ],
    ['no provider', { tokenVault: { providers: [] } }, 'tokenVault.providers'],
    [
      'a provider that is no resource',
      provider({ name: 'nowhere' }),
      'tokenVault.providers[0].name is "nowhere"; accepted: the audience of a resource of the kind third_party',
    ],
    ['a provider that is a service', provider({ name: 'service' }), 'tokenVault.providers[0].name is "service"'],
    ['two of one name', provider({ name: 'mail' }), 'a name that no other provider has'],
    [
      'a third party that no provider is',
      { tokenVault: { providers: [mail] } },
      'resources[1].audience is "calendar"; accepted: a provider of tokenVault',
    ],
    [
      'neither issuer nor endpoints nor preset',
      provider({ issuer: undefined }),
      'tokenVault.providers[0].issuer is missing',
    ],
    [
      'endpoints that tell nobody',
      provider({ issuer: undefined, endpoints }),
      'tokenVault.providers[0].userinfo is missing',
    ],
    [
      'plain http',
      provider({ issuer: 'http://calendar.example' }),
      'tokenVault.providers[0].issuer is "http://calendar.example"; accepted: https',
    ],
    [
      'a plain token endpoint',
      provider({ endpoints: { ...endpoints, token: 'http://calendar.example/t' } }),
      'tokenVault.providers[0].endpoints.token',
    ],
    ['no secret', provider({ clientSecret: undefined }), 'tokenVault.providers[0].clientSecret is missing'],
    ['a secret of a public client', provider({ authentication: 'none' }), 'no secret, because authentication is none'],
    [
      'microsoft without a tenant',
      provider({ issuer: undefined, preset: 'microsoft' }),
      'tokenVault.providers[0].tenant is missing',
    ],
    [
      'a tenant by name',
      provider({ issuer: undefined, preset: 'microsoft', tenant: 'common' }),
      'tokenVault.providers[0].tenant is "common"',
    ],
    [
      'a tenant of somebody else',
      provider({ tenant: '3b2a9f70-6b5f-4c0e-9a51-0d7f3c6f1a11' }),
      'none, because preset is not microsoft',
    ],
    ['an unknown preset', provider({ preset: 'myspace' }), 'tokenVault.providers[0].preset'],
    ['an unknown setting', provider({ scope: 'x' }), 'tokenVault.providers[0].scope'],
    ['credentials in a URL', provider({ issuer: 'https://u:p@calendar.example' }), 'tokenVault.providers[0].issuer'],
    [
      'a link of ten hours',
      { tokenVault: { providers: both, linkTime: 36_000 } },
      'tokenVault.linkTime is 36000; accepted: no more than 900 seconds',
    ],
    ['an edge that would give tokens of ours', edges({ issues: undefined }), 'edges[0].issues'],
    ['an edge that would give both', edges({ issues: [TokenType.ConnectedAccount, TokenType.Jwt] }), 'edges[0].issues'],
    [
      'an edge by impersonation',
      edges({ mode: 'impersonation' }),
      'edges[0].mode is "impersonation"; accepted: delegation, because the target is a third party',
    ],
    [
      'its type from a service',
      edges({ target: 'service', allowCycle: true, scopes: { work: {} } }),
      'edges[0].target is "service"; accepted: a provider of tokenVault, to issue its tokens',
    ],
    [
      'its member on another edge',
      edges({ target: 'service', scopes: { work: {} }, issues: undefined, tokenVault: {} }),
      'edges[0].tokenVault',
    ],
    [
      'a client that represents a third party',
      {
        clients: [
          { ...file.clients[2], represents: ['service', 'calendar'] },
          ...file.clients.filter((_, i) => i !== 2),
        ],
      },
      'represents[1]',
    ],
    [
      'a client with direct access to one',
      {
        clients: [
          { ...file.clients[0], resources: ['calendar'], defaultResource: 'calendar' },
          ...file.clients.slice(1),
        ],
      },
      'resources[0]',
    ],
    [
      'a scope for people that nobody has',
      {
        resources: file.resources.map((each) =>
          each.audience === 'auth-server-me' ? { ...each, scopes: ['linked_accounts.steal'] } : each,
        ),
      },
      'linked_accounts.steal',
    ],
  ])('stops the start for %s, in one line for each mistake', (_name, change, message) => {
    expect(() => parse(change)).toThrow(message);
    expect(() => parse(change)).toThrow(/^(configuration: .*; accepted: .*(\n|$))+$/);
  });

  it('shows no secret in a mistake', () => {
    expect(() => parse(provider({ clientSecret: 'of a company', authentication: 'none' }))).toThrow(
      /^(?!.*of a company)/,
    );
  });

  it('is told by schema and metadata', () => {
    expect(JSON.stringify(serverConfigJsonSchema(features.all))).toContain('a provider at which users link accounts');
    expect(features.in(parse()).metadata()).toEqual({
      onbehalf_connected_account_token_type: TokenType.ConnectedAccount,
    });
    expect(features.in(parse({ edges: [] })).metadata()).toEqual({});
  });
});
