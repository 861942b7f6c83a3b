import { describe, expect, it } from '@jest/globals';
import { parseServerConfig, serverConfigJsonSchema } from '@onbehalf/authorization-server';
import { features, parse } from './agent-world.fixture.js';
import { file } from './registrations.fixture.js';

const change = (kind: 'clients' | 'edges' | 'resources', id: string, more: object) => ({
  [kind]: file[kind].map((each) => {
    const { clientId, audience, client } = each as Record<string, unknown>;
    return [clientId, audience, client].includes(id) ? { ...each, ...more } : each;
  }),
});

const agent = (more: object) => change('clients', 'assistant', more);
const edge = (more: object) => change('edges', 'orphan', more);

describe('the configuration of agents', () => {
  it('is accepted as it stands', () => {
    expect(parse().clients.filter(({ subProfile }) => subProfile === 'ai_agent')).toHaveLength(6);
    expect(JSON.stringify(serverConfigJsonSchema(features.all))).toContain('let an agent act');
  });

  it.each<[string, object, string]>([
    [
      'without the section',
      { aiAgents: undefined },
      'clients[1].subProfile is "ai_agent"; accepted: this profile only with the section aiAgents',
    ],
    [
      'without an owner',
      agent({ owner: undefined }),
      'clients[1].owner is missing; accepted: the username of the user who answers for it',
    ],
    [
      'with an owner whom nobody knows',
      agent({ owner: 'nobody' }),
      'clients[1].owner is "nobody"; accepted: the username of a registered user',
    ],
    ['that is no user but a client', agent({ owner: 'app' }), 'clients[1].owner is "app"'],
    [
      'an owner of a service',
      change('clients', 'user-service', { owner: 'owner' }),
      'owner is "owner"; accepted: an owner only of an AI agent',
    ],
    [
      'that is public',
      {
        clients: [
          ...file.clients,
          {
            clientId: 'public',
            authentication: 'none',
            grantTypes: ['authorization_code'],
            redirectUris: ['http://localhost:8080/callback'],
            subProfile: 'ai_agent',
            owner: 'owner',
          },
        ],
      },
      '.authentication is "none"',
    ],
    [
      'that signs users in',
      agent({
        grantTypes: [...file.clients[1]!.grantTypes, 'authorization_code'],
        redirectUris: ['http://localhost:8080/callback'],
      }),
      'clients[1].grantTypes is "authorization_code"',
    ],
    [
      'that keeps access',
      agent({ grantTypes: [...file.clients[1]!.grantTypes, 'refresh_token'] }),
      'clients[1].grantTypes is "refresh_token"',
    ],
    [
      'that redeems grants',
      agent({ grantTypes: [...file.clients[1]!.grantTypes, 'urn:ietf:params:oauth:grant-type:jwt-bearer'] }),
      'clients[1].grantTypes is "urn:ietf:params:oauth:grant-type:jwt-bearer"',
    ],
    [
      'that has no token of its own',
      agent({ grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'] }),
      'also client_credentials',
    ],
    [
      'without the audience of its own token',
      agent({ resources: ['user-service'], defaultResource: 'user-service' }),
      'also auth-server-actors',
    ],
    [
      'without the scope of its own token',
      agent({ scopes: ['user.read'] }),
      'clients[1].scopes is "user.read"; accepted: also act',
    ],
    [
      'whose own token other services take',
      change('clients', 'user-service', { represents: ['user-service', 'assistant', 'auth-server-actors'] }),
      'represents is "auth-server-actors"',
    ],
    [
      'whose own token opens more',
      change('resources', 'auth-server-actors', { scopes: ['act', 'user.read'] }),
      '.scopes is "act user.read"; accepted: act',
    ],
    [
      'that becomes the user',
      edge({ mode: 'impersonation', actor: undefined }),
      'mode is "impersonation"; accepted: delegation, because orphan is an AI agent',
    ],
    [
      'that need not prove itself',
      edge({ actor: 'client' }),
      'actor is "client"; accepted: actor_token, because orphan is an AI agent',
    ],
    ['that may prove itself', edge({ actor: 'either' }), 'actor is "either"'],
    ['of which the edge says nothing', edge({ actor: undefined }), 'actor is missing; accepted: actor_token'],
    ['beside which others act', edge({ actors: [{ sub: 'user-service' }] }), 'accepted: no others'],
    [
      'as an actor of another',
      change('edges', 'user-service', { actor: 'either', actors: [{ sub: 'assistant' }] }),
      'actors is "assistant"; accepted: no AI agent',
    ],
    [
      'that reaches operators',
      edge({ target: 'auth-server', scopes: { 'audit.read': {} } }),
      'target is "auth-server"',
    ],
    [
      'that makes actor tokens of users',
      edge({ target: 'auth-server-actors', scopes: { act: {} } }),
      'target is "auth-server-actors"',
    ],
    [
      'with a consent for ever',
      { aiAgents: { longestConsent: 1e9 } },
      'aiAgents.longestConsent is 1000000000; accepted: no more than ten years',
    ],
    ['with a consent for a moment', { aiAgents: { longestConsent: 60 } }, 'no less than 3600 seconds'],
    ['with an unknown setting', { aiAgents: { model: 'x' } }, 'aiAgents.model'],
  ])('stops the start for an agent %s, in one line for each mistake', (_name, more, message) => {
    const text = (): string => {
      try {
        parse(more);
        return 'accepted';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(text()).toContain(message);
    expect(text()).toMatch(/^(configuration: .*; accepted: .*(\n|$))+$/);
  });

  it('leaves a server without the feature as it is', () => {
    const clients = file.clients
      .slice(0, 1)
      .map((client) => ({ ...client, resources: ['assistant'], scopes: ['openid'] }));
    expect(parseServerConfig({ resources: file.resources.slice(0, 3), clients, edges: [] }, {}).clients).toHaveLength(
      1,
    );
  });
});
