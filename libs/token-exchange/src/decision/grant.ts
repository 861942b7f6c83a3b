import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { AI_AGENT, involvesAgent, isOfProfile, type Actor, type ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { ExchangeRequest } from '../request/exchange-request.js';
import { confirmationFor, isBound } from '../tokens/key-binding.js';
import type { Authentication, Confirmation, TokenReference, TokenUse } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { actingParties, actorChain, actorEvidence } from './delegation.js';
import type { Limits, Target, VerifiedExchange } from './verified-exchange.js';

/** What a token may say. */
export interface Grant extends Limits {
  readonly kind: VerifiedExchange['kind'];
  readonly requestedType: string;
  readonly clientId: string;
  readonly subject: string;
  /** What kind of party the subject is; absent: nobody says so. */
  readonly subjectProfile?: string;
  readonly audiences: readonly string[];
  /** Who is asked for, with the edges that lead there. */
  readonly targets: readonly Target[];
  /** The values of `resource`, as sent. */
  readonly resources: readonly string[];
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** The current actor first; empty for an impersonation. */
  readonly actors: readonly Actor[];
  readonly mayAct?: readonly Partial<Actor>[];
  readonly authentication: Authentication;
  readonly confirmation: Confirmation;
  readonly signingAlgorithm?: SigningAlgorithm;
  /** `jwt` when every target wants its access tokens so. */
  readonly typ: 'at+jwt' | 'jwt';
  readonly parents: readonly TokenReference[];
  /** The impersonation that the token is of; `disclosed`: it says so. */
  readonly impersonation?: ImpersonationMark & { readonly disclosed: boolean };
  /** Whether an AI agent stands behind the token. */
  readonly agentInvolved: boolean;
  /** The identifier that the token is to have; absent: its issuer draws one. */
  readonly tokenId?: string;
  /** The tokens that issuing uses up. */
  readonly uses: readonly TokenUse[];
  /** The parameters that verifiers, rules and issuers declare, as sent. */
  readonly parameters: ExchangeRequest['parameters'];
  /** What else the subject token says. */
  readonly details: VerifiedToken['details'];
}

/** What a token of this exchange would say, but for its limits. */
export function grantOf(exchange: VerifiedExchange): Omit<Grant, keyof Limits> {
  const { kind, at, client, request, targets, subject, subjectProfile } = exchange;
  const algorithms = new Set(targets.map(({ resource }) => resource.signingAlgorithm));
  const [signingAlgorithm] = algorithms.size === 1 ? algorithms : [];
  return {
    kind,
    requestedType: request.requestedType,
    clientId: client.clientId,
    subject: subject.subject,
    ...(subjectProfile !== undefined && { subjectProfile }),
    audiences: targets.map(({ resource }) => resource.audience),
    targets,
    resources: request.resources,
    issuedAt: at,
    actors: actorChain(exchange),
    ...(subject.mayAct && !targets.every(spendsMayAct) && { mayAct: subject.mayAct }),
    authentication: subject.authentication,
    confirmation: confirmationFor(client, kind === 'administrative' ? exchange.actorToken : subject, exchange.proof),
    ...(signingAlgorithm && { signingAlgorithm }),
    typ: targets.every(({ resource }) => resource.typ === 'jwt') ? 'jwt' : 'at+jwt',
    ...markOf(exchange),
    agentInvolved: isByAgent(exchange),
    parents: parentsOf(exchange),
    uses: usesOf(exchange),
    parameters: request.parameters,
    details: subject.details,
  };
}

// RFC 8693 §4.4: who may act for the subject of this token, which the new one need not repeat
function spendsMayAct({ edge }: Target): boolean {
  return edge?.mayAct === 'spent';
}

function markOf(exchange: VerifiedExchange): Pick<Grant, 'impersonation' | 'tokenId'> {
  if (!exchange.impersonation) return {};
  const { mark, disclosed } = exchange.impersonation;
  return { impersonation: { ...mark, disclosed }, ...(exchange.kind === 'administrative' && { tokenId: mark.id }) };
}

// by the chain, which is never cut, and by the mark where a chain was left out on the way
function isByAgent(exchange: VerifiedExchange): boolean {
  const { client, subject, subjectProfile: subProfile } = exchange;
  const parties = {
    marked: subject.agentInvolved,
    subProfile,
    actors: [...actingParties(exchange), ...subject.actors],
  };
  return involvesAgent(parties) || isOfProfile(AI_AGENT, client.subProfile);
}

function parentsOf(exchange: VerifiedExchange): readonly TokenReference[] {
  return presentedTokens(exchange).flatMap(({ issuer, jwtId }) => (jwtId === undefined ? [] : [{ issuer, jwtId }]));
}

function usesOf(exchange: VerifiedExchange): readonly TokenUse[] {
  // whoever has stolen an administrator's token that is bound to no key comes too late
  const isOnce = ({ singleUse, confirmation, named }: VerifiedToken): boolean =>
    singleUse === true || (exchange.kind === 'administrative' && !named && !isBound(confirmation));
  return presentedTokens(exchange)
    .filter(isOnce)
    .map(({ issuer, jwtId, expiresAt }) => ({ issuer, jwtId: jwtId!, expiresAt }));
}

function presentedTokens(exchange: VerifiedExchange): readonly VerifiedToken[] {
  const actor = actorEvidence(exchange);
  return actor ? [exchange.subject, actor.token] : [exchange.subject];
}
