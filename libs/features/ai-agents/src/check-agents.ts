import { ADMIN_AUDIENCE, type ServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError, GrantType } from '@onbehalf/oauth-protocol';
import { ACT_SCOPE, ACTOR_AUDIENCE, isAgent } from './ai-agents.schema.js';

type Client = ServerConfig['clients'][number];
type Edge = ServerConfig['edges'][number];
type Refuse = (member: string, value: unknown, accepted: string) => never;

const GRANTS: readonly string[] = [GrantType.ClientCredentials, GrantType.TokenExchange];

/**
 * Checks that agents can do nothing but act for users, each by its own token.
 * @param pathOf the place of a registration, as a mistake names it
 * @throws ConfigurationError for the first mistake
 */
export function checkAgents(config: ServerConfig, pathOf: (place: string) => string): void {
  const refuseAt =
    (place: string): Refuse =>
    (member, value, accepted) => {
      throw new ConfigurationError(`${pathOf(place)}.${member}`, value, accepted);
    };
  const agents = config.clients.filter(isAgent).map(({ clientId }) => clientId);
  config.resources.forEach(({ audience, scopes }, i) => {
    const isPlain = scopes.length === 1 && scopes[0] === ACT_SCOPE;
    if (audience === ACTOR_AUDIENCE && !isPlain) refuseAt(`resources[${i}]`)('scopes', scopes.join(' '), ACT_SCOPE);
  });
  config.clients.forEach((client, i) => checkClient(config, client, refuseAt(`clients[${i}]`)));
  config.edges.forEach((edge, i) => checkEdge(edge, agents, refuseAt(`edges[${i}]`)));
}

function checkClient(config: ServerConfig, client: Client, refuse: Refuse): void {
  const { represents, defaultTarget, owner, authentication, grantTypes } = client;
  if (represents.includes(ACTOR_AUDIENCE)) refuse('represents', ACTOR_AUDIENCE, 'an audience of a service');
  if (defaultTarget === ACTOR_AUDIENCE) refuse('defaultTarget', ACTOR_AUDIENCE, 'an audience of a service');
  if (!isAgent(client)) {
    if (owner !== undefined) refuse('owner', owner, 'an owner only of an AI agent (subProfile: ai_agent)');
    return;
  }
  const because = 'because subProfile is ai_agent';
  if (owner === undefined) refuse('owner', undefined, `the username of the user who answers for it, ${because}`);
  if (authentication === 'none') refuse('authentication', 'none', `one that proves the client, ${because}`);
  // it signs nobody in: a token that comes straight from a login would name no agent
  const other = grantTypes.find((grantType) => !GRANTS.includes(grantType));
  if (other !== undefined) refuse('grantTypes', other, `${GRANTS.join(' and ')}, ${because}`);
  const missing = GRANTS.find((grantType) => !grantTypes.includes(grantType));
  if (missing !== undefined) refuse('grantTypes', grantTypes.join(' '), `also ${missing}, ${because}`);
  checkOwnToken(config, client, refuse);
}

// its actor token is one of its own, for this server
function checkOwnToken({ resources }: ServerConfig, client: Client, refuse: Refuse): void {
  const { scopes, resources: own = [client.defaultResource] } = client;
  if (!resources.some(({ audience }) => audience === ACTOR_AUDIENCE)) {
    refuse('resources', own.join(' '), `${ACTOR_AUDIENCE}, which has to be registered as a resource`);
  }
  if (!own.includes(ACTOR_AUDIENCE)) refuse('resources', own.join(' '), `also ${ACTOR_AUDIENCE}, for its actor token`);
  if (!scopes.includes(ACT_SCOPE)) refuse('scopes', scopes.join(' '), `also ${ACT_SCOPE}, for its actor token`);
}

function checkEdge(edge: Edge, agents: readonly string[], refuse: Refuse): void {
  const { client, target, subjectAudience, mode, actor, actors } = edge;
  if (target === ACTOR_AUDIENCE) refuse('target', target, 'an audience of a service');
  if (subjectAudience === ACTOR_AUDIENCE) refuse('subjectAudience', subjectAudience, 'an audience of a service');
  const named = actors?.find(({ sub, iss }) => iss === undefined && agents.includes(sub));
  if (named) refuse('actors', named.sub, 'no AI agent: each acts by edges of its own');
  if (!agents.includes(client)) return;
  const because = `because ${client} is an AI agent`;
  if (mode !== 'delegation') refuse('mode', mode, `delegation, ${because}`);
  if (actor !== 'actor_token') refuse('actor', actor, `actor_token, ${because}`);
  if (actors !== undefined) refuse('actors', '(given)', `no others, ${because}`);
  if (target === ADMIN_AUDIENCE) refuse('target', target, `a resource that is not of operators, ${because}`);
}
