import { takesActorToken } from '../decision/delegation.js';
import type { Rule } from '../decision/rule.js';
import { deny, type Denial } from '../decision/verdict.js';
import type { AdministrativeImpersonation, Delegation } from '../decision/verified-exchange.js';
import type { Edge } from '../policy/policy.js';
import { ownAudiences } from '../tokens/own-audiences.js';
import type { VerifiedToken } from '../tokens/verified-token.js';

/** The actor is proven as the edge demands, and is the calling client or a party that the edge names. RFC 8693 §1.1, §2.1. */
export const actorRule: Rule = {
  name: 'actor',
  judge(exchange) {
    if (exchange.kind === 'impersonation') return undefined;
    if (isMarked(exchange)) return deny('invalid_request', 'The actor_token is one of an impersonation');
    if (exchange.kind === 'administrative') return judgeAdministrator(exchange);
    const edges = exchange.targets.flatMap(({ edge }) => edge ?? []);
    return exchange.actorToken ? judgeActorToken(exchange, exchange.actorToken, edges) : judgeClientAsActor(edges);
  },
};

// an administrator who uses an account opens nothing else with it
function isMarked({ actorToken, actorState }: Delegation | AdministrativeImpersonation): boolean {
  return (actorToken?.impersonation ?? actorState?.impersonation) !== undefined;
}

function judgeAdministrator(exchange: AdministrativeImpersonation): Denial | undefined {
  const { actorToken: token, actorState, issuer, client } = exchange;
  if (token.actors.length > 0) return deny('invalid_request', 'The actor_token must not itself carry an act claim');
  if (token.named || token.issuer !== issuer || token.clientId !== client.clientId) {
    return deny('invalid_request', 'The actor_token was not issued to this client');
  }
  return actorState.account
    ? undefined
    : deny('invalid_request', 'Only a user may act as an administrator', { reason: `${token.subject} is no account` });
}

// RFC 8693 §1.1: without an actor token the client asks for impersonation, which this edge does not permit
function judgeClientAsActor(edges: readonly Edge[]): Denial | undefined {
  return edges.some(({ actor }) => actor === 'actor_token')
    ? deny('unauthorized_client', 'Impersonation is not permitted; an actor_token is required')
    : undefined;
}

function judgeActorToken(exchange: Delegation, token: VerifiedToken, edges: readonly Edge[]): Denial | undefined {
  if (!edges.every(takesActorToken)) {
    return deny('invalid_request', 'An actor_token is not accepted for this target');
  }
  // an actor that is itself acted for would start a chain beside the subject's
  if (token.actors.length > 0) return deny('invalid_request', 'The actor_token must not itself carry an act claim');
  if (!isPermitted(exchange, token, edges)) {
    const reason = `${token.subject} is not the client and not among the actors of the edge`;
    return deny('invalid_request', 'The subject of the actor_token may not act here', { reason });
  }
  // a client of the same name at another issuer is another client
  const isIssuedToClient = token.issuer === exchange.issuer && token.clientId === exchange.client.clientId;
  if (!isIssuedToClient && ownAudiences(token, exchange.client).length === 0) {
    return deny('invalid_request', 'The actor_token was issued neither to this client nor for it to receive');
  }
  return undefined;
}

function isPermitted({ client, issuer, actor }: Delegation, token: VerifiedToken, edges: readonly Edge[]): boolean {
  if (token.issuer === issuer && token.subject === client.clientId) return true;
  return edges.every(({ actors = [] }) =>
    actors.some(({ sub, iss = issuer }) => sub === actor.sub && iss === actor.iss),
  );
}
