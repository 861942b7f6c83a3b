import type { DecisionStep } from '../decision/decide.js';
import type { Limits } from '../decision/verified-exchange.js';
import type { Edge } from '../policy/policy.js';
import type { Progress } from './progress.js';
import { recordableList } from './recordable.js';

/** How policy came to its decision. */
export interface DecisionPath {
  /** The edges that lead to the targets, by their id. */
  readonly edges: readonly string[];
  /** The rules that narrowed something, and the one that refused, in order. */
  readonly steps: readonly PathStep[];
}

/** What one rule did: the limits that it narrowed, or those that were in force when it refused. */
export interface PathStep {
  readonly rule: string;
  readonly before: Partial<Limits>;
  /** Absent when the rule refused. */
  readonly after?: Partial<Limits>;
}

/** The path of a decision; `undefined` when the exchange was refused before there was anything to decide. */
export function decisionPath({ exchange, decision }: Progress): DecisionPath | undefined {
  if (!exchange || !decision) return undefined;
  const steps: PathStep[] = changingSteps(decision.steps).map(toPathStep);
  if (decision.outcome === 'refused') steps.push({ rule: decision.refusal.rule, before: decision.limits });
  return { edges: edgesOf(exchange), steps };
}

/** The steps that changed something. */
export function changingSteps(steps: readonly DecisionStep[]): readonly DecisionStep[] {
  return steps.filter(({ before, after }) => narrowsScopes(before, after) || before.expiresAt !== after.expiresAt);
}

/** The edges by which an exchange is judged. */
export function edgesOf({ targets }: NonNullable<Progress['exchange']>): readonly string[] {
  return recordableList(targets.flatMap(({ edge }) => (edge ? [idOf(edge)] : [])));
}

function toPathStep({ rule, before, after }: DecisionStep): PathStep {
  const changed = ({ scopes, expiresAt }: Limits): Partial<Limits> => ({
    ...(narrowsScopes(before, after) && { scopes }),
    ...(before.expiresAt !== after.expiresAt && { expiresAt }),
  });
  return { rule, before: changed(before), after: changed(after) };
}

// limits are intersected only, so their number tells
function narrowsScopes(before: Limits, after: Limits): boolean {
  return before.scopes.length !== after.scopes.length;
}

function idOf({ id, client, subjectAudience, target, mode }: Edge): string {
  return id ?? `${client}:${subjectAudience ?? ''}:${target}:${mode}`;
}
