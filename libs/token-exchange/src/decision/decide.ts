import {
  DEFAULT_IMPERSONATION_TIME,
  DEFAULT_TIME_TO_LIVE,
  LONGEST_IMPERSONATION,
  type Edge,
} from '../policy/policy.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import { grantOf, type Grant } from './grant.js';
import type { Rule } from './rule.js';
import type { Denial, Narrowing } from './verdict.js';
import type { Limits, Target, VerifiedExchange } from './verified-exchange.js';

declare const decided: unique symbol;

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

/** The judgement on an exchange, and what each rule did to the limits on the way. */
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
