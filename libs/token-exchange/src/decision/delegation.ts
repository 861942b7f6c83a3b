import { formatActClaim, type Actor } from '@onbehalf/oauth-protocol';
import type { Edge, ExchangePolicy } from '../policy/policy.js';
import type { ExchangeRequest } from '../request/exchange-request.js';
import type { TokenState } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import type {
  AdministrativeImpersonation,
  ExchangeFacts,
  KnownActor,
  Target,
  VerifiedExchange,
} from './verified-exchange.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';

/** A verified actor token and its state. */
export interface ActorEvidence {
  readonly token: VerifiedToken;
  readonly state: TokenState;
}

/**
 * Decides who acts. The way follows what the tokens hold, not what the request leaves out: a subject token under delegation
 * stays under delegation, whatever mode its edge has. RFC 8693 §1.1, §4.1.
 */
export function toVerifiedExchange(
  facts: ExchangeFacts,
  evidence: ActorEvidence | undefined,
  policy: ExchangePolicy,
): VerifiedExchange {
  const { named } = facts.subject;
  if (named) return toAdministrative(facts, named.id, evidence);
  if (!evidence && facts.subject.actors.length === 0 && facts.targets.every(impersonates)) {
    return { ...facts, kind: 'impersonation' };
  }
  const actor = evidence ? actorOf(evidence.token, facts.issuer, policy) : clientAsActor(facts);
  return {
    ...facts,
    kind: 'delegation',
    actor,
    ...(evidence && { actorToken: evidence.token, actorState: evidence.state }),
    visited: [actor, ...facts.subject.actors].flatMap((party) => audiencesOf(party, facts.issuer, policy)),
  };
}

function toAdministrative(
  facts: ExchangeFacts,
  id: string,
  evidence: ActorEvidence | undefined,
): AdministrativeImpersonation {
  if (!evidence) {
    throw new ExchangeRefusal('actor', 'invalid_request', 'actor_token is required for a subject that is only named');
  }
  const { issuer, subject: sub } = evidence.token;
  const disclosed = facts.targets.some(({ edge }) => edge?.disclose !== false);
  return {
    ...facts,
    kind: 'administrative',
    impersonation: { mark: { id, sub, iss: issuer }, disclosed },
    actor: { sub, iss: issuer, sub_profile: 'user' },
    actorToken: evidence.token,
    actorState: evidence.state,
  };
}

/** The actor token of an exchange and its state, where there is one. */
export function actorEvidence(exchange: VerifiedExchange): ActorEvidence | undefined {
  if (exchange.kind === 'impersonation' || !exchange.actorToken || !exchange.actorState) return undefined;
  return { token: exchange.actorToken, state: exchange.actorState };
}

/** The chain of the new token, the current actor first: the new actor before those of the subject token. RFC 8693 §4.1. */
export function actorChain(exchange: VerifiedExchange): readonly Actor[] {
  if (exchange.kind === 'administrative' && !exchange.impersonation.disclosed) return [];
  return actingParties(exchange);
}

/**
 * Who acts, for the record, whether or not the new token says so. Each with the issuer that knows it: one of an older token that names
 * none is known here. RFC 8693 §4.1: "iss" and "sub" together identify an actor
 */
export function actingParties(exchange: VerifiedExchange): readonly Actor[] {
  if (exchange.kind === 'impersonation') return [];
  const { issuer: iss } = exchange;
  return [exchange.actor, ...exchange.subject.actors.map(({ sub, ...others }) => ({ sub, iss, ...others }))];
}

/** The bytes that a chain takes in a token. */
export function chainBytes(actors: readonly Actor[]): number {
  return Buffer.byteLength(JSON.stringify(formatActClaim(actors)));
}

/** The edge that fits how the request asks; the first one where none does, so that the rules can say what is wrong. */
export function chooseEdge(edges: readonly Edge[], { actor, reason }: ExchangeRequest): Edge | undefined {
  const byActorToken = edges.find(takesActorToken);
  const byClient = edges.find((edge) => edge.mode === 'delegation' && edge.actor !== 'actor_token');
  const asSubject = edges.find((edge) => edge.mode === 'impersonation');
  const fitting = actor ? [byActorToken] : reason === undefined ? [byClient, asSubject] : [asSubject, byClient];
  return fitting.find((edge) => edge !== undefined) ?? edges[0];
}

/** Whether an edge accepts an actor token. */
export function takesActorToken({ mode, actor }: Edge): boolean {
  return mode === 'delegation' && (actor === 'actor_token' || actor === 'either');
}

function impersonates({ edge }: Target): boolean {
  return edge?.mode === 'impersonation';
}

// a party of another issuer is none of the clients here, whatever its name
function audiencesOf({ sub, iss = '' }: Actor, issuer: string, policy: ExchangePolicy): readonly string[] {
  return iss === '' || iss === issuer ? (policy.client(sub)?.represents ?? []) : [];
}

function clientAsActor({ client, issuer: iss }: ExchangeFacts): KnownActor {
  const { clientId: sub, subProfile } = client;
  return { sub, iss, ...(subProfile !== undefined && { sub_profile: subProfile }) };
}

// RFC 8693 §4.1: rebuilt from identity claims alone
function actorOf(token: VerifiedToken, issuer: string, policy: ExchangePolicy): KnownActor {
  const { subject, foreign, clientId } = token;
  const subProfile = profileOf(token, issuer, policy);
  return {
    sub: foreign?.sub ?? subject,
    iss: foreign?.iss ?? issuer,
    ...(clientId !== undefined && clientId !== subject && { client_id: clientId }),
    ...(subProfile !== undefined && { sub_profile: subProfile }),
  };
}

/** What kind of party the subject of a token is: of a client of this server its registration says so, whatever the token does. */
export function profileOf(token: VerifiedToken, issuer: string, policy: ExchangePolicy): string | undefined {
  const client = token.issuer === issuer && !token.foreign ? policy.client(token.subject) : undefined;
  return client?.subProfile ?? token.subProfile;
}

/** Whether an earlier actor is the same party; one without an issuer is known to `issuer`, this server. */
export function isSameActor(earlier: Actor, actor: KnownActor, issuer: string): boolean {
  return earlier.sub === actor.sub && (earlier.iss ?? issuer) === actor.iss;
}
