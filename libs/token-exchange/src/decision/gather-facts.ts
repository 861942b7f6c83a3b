import type { ResourceRegistration } from '../policy/policy.js';
import { ownAudiences } from '../tokens/own-audiences.js';
import { readTokenState, type FactSources } from '../tokens/token-state.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { chooseEdge, toVerifiedExchange } from './delegation.js';
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
  return toVerifiedExchange({ ...facts, issuer: sources.issuer, targets, subjectState }, evidence, sources.policy);
}

function toTarget(resource: ResourceRegistration, known: KnownFacts, { policy }: FactSources): Target {
  const { client, subject, request } = known;
  const edges = policy.edges(client.clientId, ownAudiences(subject, client), resource.audience);
  const edge = chooseEdge(edges, request);
  return { resource, ...(edge && { edge }) };
}
