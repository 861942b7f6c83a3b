import type { Actor, OAuthErrorCode } from '@onbehalf/oauth-protocol';
import type { DecisionStep } from '../decision/decide.js';
import { actorChain } from '../decision/delegation.js';
import type { Limits, VerifiedExchange } from '../decision/verified-exchange.js';
import type { ClientRegistration } from '../policy/policy.js';
import { answerFor } from '../refusal/error-profile.js';
import type { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import { edgesOf } from './decision-path.js';
import type { Progress } from './progress.js';
import { recordable } from './recordable.js';

/** Which rule refused, and why. */
export interface ExplainedRefusal {
  readonly rule: string;
  readonly error: OAuthErrorCode;
  readonly description: string;
  readonly reason: string;
}

/** What an exchange would have come to. Holds no token. */
export interface Explanation {
  readonly outcome: 'permitted' | 'refused';
  readonly refusal?: ExplainedRefusal;
  readonly kind?: VerifiedExchange['kind'];
  readonly subject?: string;
  /** The chain that the new token would have, the current actor first. */
  readonly actors?: readonly Actor[];
  /** The audiences of the new token. */
  readonly targets: readonly string[];
  /** The edges that lead there, by their id. */
  readonly edges: readonly string[];
  /** The rules that let the exchange pass, in order, each with the limits before and after it. */
  readonly steps: readonly DecisionStep[];
  /** What would be granted. */
  readonly granted?: Limits;
  /** What others have to say of it, by their name. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * What others have to say of an exchange that came so far, and of why it was refused, by their name; `undefined`: nothing. Holds no
 * token and no secret.
 */
export type Explainers = Readonly<Record<string, (reached: Progress, refusal?: ExchangeRefusal) => unknown>>;

/** Tells how far an exchange came and what stopped it, in the words in which this client would be told. */
export function explain(
  reached: Progress,
  client: ClientRegistration,
  { failure, explainers }: { readonly failure?: ExchangeRefusal; readonly explainers: Explainers },
): Explanation {
  const { resources, subject, exchange, decision } = reached;
  const refusal = failure ?? (decision?.outcome === 'refused' ? decision.refusal : undefined);
  const details = Object.entries(explainers).flatMap(([name, tell]) => {
    const told = tell(reached, refusal);
    return told === undefined ? [] : [[name, told] as const];
  });
  const permit = !refusal && decision?.outcome === 'permitted' ? decision.permit : undefined;
  return {
    outcome: permit ? 'permitted' : 'refused',
    ...(refusal && { refusal: explainRefusal(answerFor(client, refusal)) }),
    ...(exchange && { kind: exchange.kind, actors: actorChain(exchange) }),
    ...(subject && { subject: subject.subject }),
    targets: resources?.map(({ audience }) => audience) ?? [],
    edges: exchange ? edgesOf(exchange) : [],
    steps: decision?.steps ?? [],
    ...(details.length > 0 && { details: Object.fromEntries(details) }),
    ...(permit && { granted: { scopes: permit.scopes, expiresAt: permit.expiresAt } }),
  };
}

function explainRefusal({ rule, code, description, reason }: ExchangeRefusal): ExplainedRefusal {
  return { rule, error: code, description, reason: recordable(reason) };
}
