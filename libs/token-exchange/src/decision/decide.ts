import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { AI_AGENT, involvesAgent, isOfProfile, type Actor, type ImpersonationMark } from '@onbehalf/oauth-protocol';
import {
  DEFAULT_IMPERSONATION_TIME,
  DEFAULT_TIME_TO_LIVE,
  LONGEST_IMPERSONATION,
  type Edge,
} from '../policy/policy.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import { confirmationFor, isBound } from '../tokens/key-binding.js';
import type { Authentication, Confirmation } from '../tokens/token-facts.js';
import type { ExchangeRequest } from '../request/exchange-request.js';
import type { TokenReference, TokenUse } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';
import { actingParties, actorChain, actorEvidence } from './delegation.js';
import type { Rule } from './rule.js';
import type { Denial, Narrowing } from './verdict.js';
import type { Limits, Target, VerifiedExchange } from './verified-exchange.js';

declare const decided: unique symbol;

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

/** A grant that every rule let pass. Only {@link decide} makes one, and issuing takes nothing else. */
export type Permit = Grant & { readonly [decided]: true };

const permits = new WeakSet<Permit>();

/**
 * Makes sure that a permit is one, unchanged, also where no compiler has looked.
 * @throws TypeError
 */
export function assertPermit(permit: Permit): void {
  if (!permits.has(permit)) throw new TypeError('Nothing is issued but what was permitted');
}

/** What one rule did to the limits. */
export interface DecisionStep {
  readonly rule: string;
  readonly before: Limits;
  readonly after: Limits;
}

export type Decision =
  | { readonly outcome: 'permitted'; readonly permit: Permit; readonly steps: readonly DecisionStep[] }
  | {
      readonly outcome: 'refused';
      readonly refusal: ExchangeRefusal;
      readonly steps: readonly DecisionStep[];
      /** Those that were in force when it was refused. */
      readonly limits: Limits;
    };

/**
 * Judges an exchange. Starts from what is registered for the client and intersects; no rule, and no list of rules, can add to it.
 * Without an edge nothing is registered, and nothing is permitted.
 */
export function decide(rules: readonly Rule[], exchange: VerifiedExchange): Decision {
  const steps: DecisionStep[] = [];
  let limits = registeredLimits(exchange);
  for (const rule of rules) {
    const verdict = rule.judge(exchange, limits);
    if (verdict?.verdict === 'deny') return { outcome: 'refused', refusal: toRefusal(rule, verdict), steps, limits };
    const after = verdict ? intersect(limits, verdict) : limits;
    steps.push({ rule: rule.name, before: limits, after });
    limits = after;
  }
  const refusal = refuseNothing(exchange, limits);
  return refusal
    ? { outcome: 'refused', refusal, steps, limits }
    : { outcome: 'permitted', permit: permitted({ ...grantOf(exchange), ...limits }), steps };
}

function permitted(grant: Grant): Permit {
  const permit = Object.freeze(grant) as Permit;
  permits.add(permit);
  return permit;
}

/** What the edges and the presented tokens allow at most. RFC 8693 §2.1.1: every scope at every target. */
function registeredLimits(exchange: VerifiedExchange): Limits {
  const { at, targets, subject } = exchange;
  // an impersonation lasts longer than the token by which the administrator has proven to be here
  const actorExpiry = exchange.kind === 'delegation' ? exchange.actorToken?.expiresAt : undefined;
  const expiries = [
    subject.expiresAt,
    actorExpiry ?? Infinity,
    ...targets.map((target) => at + timeToLive(target.edge)),
  ];
  const [first, ...others] = targets.map(registeredScopes);
  return {
    scopes: (first ?? []).filter((scope) => others.every((scopes) => scopes.includes(scope))),
    expiresAt: Math.floor(Math.min(...expiries)),
  };
}

function registeredScopes({ resource, edge }: Target): readonly string[] {
  return edge ? Object.keys(edge.scopes).filter((scope) => resource.scopes.includes(scope)) : [];
}

function timeToLive(edge: Edge | undefined): number {
  if (edge?.mode === 'administrative') {
    return Math.min(edge.timeToLive ?? DEFAULT_IMPERSONATION_TIME, LONGEST_IMPERSONATION);
  }
  return edge ? (edge.timeToLive ?? DEFAULT_TIME_TO_LIVE) : 0;
}

function intersect(limits: Limits, { to }: Narrowing): Limits {
  const { scopes = limits.scopes, expiresAt = limits.expiresAt } = to;
  return {
    scopes: limits.scopes.filter((scope) => scopes.includes(scope)),
    expiresAt: Math.floor(Math.min(limits.expiresAt, expiresAt)),
  };
}

function refuseNothing({ at }: VerifiedExchange, { scopes, expiresAt }: Limits): ExchangeRefusal | undefined {
  if (scopes.length === 0) return new ExchangeRefusal('scope', 'invalid_scope', 'No scope can be granted');
  // written so that NaN is refused too
  if (expiresAt - at >= 1) return undefined;
  return new ExchangeRefusal('lifetime', 'invalid_request', 'No lifetime is left to be granted');
}

function toRefusal({ name }: Rule, { code, description, detail }: Denial): ExchangeRefusal {
  return new ExchangeRefusal(name, code, description, detail);
}

function grantOf(exchange: VerifiedExchange): Omit<Grant, keyof Limits> {
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
