import type { ResourceRegistration } from '../policy/policy.js';
import { ownAudiences } from '../tokens/own-audiences.js';
import { readTokenState, type FactSources } from '../tokens/token-state.js';
import type { TokenState } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { chooseEdge, profileOf, toVerifiedExchange } from './delegation.js';
import type { ExchangeFacts, Target, VerifiedExchange } from './verified-exchange.js';

/** The tokens of a request, verified. */
export interface PresentedTokens {
  readonly subject: VerifiedToken;
  readonly actorToken?: VerifiedToken;
}

/** What is known of an exchange before state and policy are asked. */
export interface KnownFacts extends PresentedTokens, Pick<ExchangeFacts, 'at' | 'client' | 'request' | 'proof'> {
  readonly resources: readonly ResourceRegistration[];
}

/** Completes the facts with all that needs I/O or the policy, so that the rules need neither. */
export async function gatherFacts(known: KnownFacts, sources: FactSources): Promise<VerifiedExchange> {
  const { actorToken, resources, ...facts } = known;
  const [subjectState, actorState] = await Promise.all([
    readTokenState(known.subject, sources),
    actorToken && readTokenState(actorToken, sources),
  ]);
  const targets = resources.map((resource) => toTarget(resource, known, sources));
  const evidence = actorToken && actorState && { token: actorToken, state: actorState };
  const impersonation = impersonationOf(known.subject, subjectState);
  const subjectProfile = profileOf(known.subject, sources.issuer, sources.policy);
  const all = {
    ...facts,
    issuer: sources.issuer,
    targets,
    subjectState,
    ...(impersonation && { impersonation }),
    ...(subjectProfile !== undefined && { subjectProfile }),
  };
  return toVerifiedExchange(all, evidence, sources.policy);
}

// what the token does not tell stands in the record of it
function impersonationOf({ impersonation }: VerifiedToken, state: TokenState): ExchangeFacts['impersonation'] {
  const mark = impersonation ?? state.impersonation;
  return mark && { mark, disclosed: impersonation !== undefined };
}

function toTarget(resource: ResourceRegistration, known: KnownFacts, { policy }: FactSources): Target {
  const { client, subject, request } = known;
  const edges = subject.named
    ? policy.administrativeEdges(client.clientId, resource.audience)
    : policy.edges(client.clientId, ownAudiences(subject, client), resource.audience);
  const edge = chooseEdge(edges, request);
  return { resource, ...(edge && { edge }) };
}
