import type { Actor, OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { actingParties } from '../decision/delegation.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';
import type { IssuedToken } from '../issuers/issued-token.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import type { ExchangeContext, ExchangeRequest } from '../request/exchange-request.js';
import { toldMembers, type AuditMember } from './audit-member.js';
import { decisionPath, type DecisionPath } from './decision-path.js';
import type { Progress } from './progress.js';
import { MOST_RECORDED, omittedOf, recordable, recordableList, recordableScopes } from './recordable.js';

/**
 * The record of one token exchange request. Holds no token and nothing a token could be rebuilt from. Beside these stand the
 * members that are declared for it.
 */
export interface ExchangeAuditEvent {
  readonly type: 'token_exchange';
  /** `rejected` by policy or protocol; `failed`: something that the server depends on is out. */
  readonly outcome: 'issued' | 'rejected' | 'failed';
  /** Seconds since the epoch. */
  readonly time: number;
  readonly clientId: string;
  /** The subject of the workload by whose token the client authenticated; absent: by its own secret or key. RFC 7523 §2.2 */
  readonly workload?: string;
  readonly kind?: VerifiedExchange['kind'];
  readonly subject?: string;
  readonly subjectIssuer?: string;
  /** Who acts, or would have acted, the current actor first: the chain of the new token; an administrator even where the token names none. */
  readonly actors?: readonly Actor[];
  readonly subjectTokenId?: string;
  readonly actorTokenId?: string;
  readonly issuedTokenId?: string;
  readonly issuedTokenType?: string;
  /** Seconds since the epoch. */
  readonly expiresAt?: number;
  /** The audiences asked for: registered names where they resolve, what was sent where they do not. */
  readonly targets: readonly string[];
  readonly scopesRequested?: readonly string[];
  readonly scopesGranted?: readonly string[];
  /** Why the client says it impersonates. */
  readonly statedReason?: string;
  /** The rule, or the stage, that refused. */
  readonly rule?: string;
  readonly error?: OAuthErrorCode;
  /** Why, in the server's words. Not sent to the client. */
  readonly reason?: string;
  /** How policy came to its decision, as far as it got. */
  readonly decision?: DecisionPath;
  /** How many entries of these members the record leaves out. */
  readonly omitted?: Readonly<Record<string, number>>;
  readonly traceId?: string;
}

/** What is recorded of every request, granted or not. */
export interface AuditedRequest {
  readonly time: number;
  readonly clientId: string;
  readonly context: ExchangeContext;
  readonly reached: Progress;
}

/** The record of a request and of what became of it. */
export function auditEvent(
  request: AuditedRequest,
  outcome: IssuedToken | ExchangeRefusal,
  members: readonly AuditMember[],
): ExchangeAuditEvent {
  const told = describe(request);
  return outcome instanceof ExchangeRefusal
    ? { ...toldOfRefusal(request, outcome, members), ...told, ...describeRefusal(outcome) }
    : { ...toldMembers(members, request.reached, outcome), ...told, ...describeIssued(outcome) };
}

// a refusal is recorded whatever its members come to; a token does not leave without them
function toldOfRefusal({ reached }: AuditedRequest, refusal: ExchangeRefusal, members: readonly AuditMember[]): object {
  try {
    return toldMembers(members, reached, refusal);
  } catch {
    return {};
  }
}

type Outcome = Pick<ExchangeAuditEvent, 'outcome'> & Partial<ExchangeAuditEvent>;

function describeIssued({ jwtId, issuedTokenType, expiresAt, scopes }: IssuedToken): Outcome {
  return { outcome: 'issued', issuedTokenId: jwtId, issuedTokenType, expiresAt, scopesGranted: scopes };
}

function describeRefusal({ rule, code, status, reason }: ExchangeRefusal): Outcome {
  return {
    outcome: status >= 500 ? 'failed' : 'rejected',
    rule,
    error: code,
    reason: recordable(reason),
  };
}

function describe({ time, clientId, context, reached }: AuditedRequest): Omit<ExchangeAuditEvent, 'outcome'> {
  const { request, subject, actorToken, exchange } = reached;
  const { lists, omitted } = describeLists(reached);
  const decision = decisionPath(reached);
  return {
    type: 'token_exchange',
    time,
    clientId,
    ...(context.workload !== undefined && { workload: recordable(context.workload) }),
    ...(exchange && { kind: exchange.kind }),
    ...(subject && { subject: recordable(subject.subject), subjectIssuer: recordable(subject.issuer) }),
    ...(subject?.jwtId !== undefined && { subjectTokenId: recordable(subject.jwtId) }),
    ...(actorToken?.jwtId !== undefined && { actorTokenId: recordable(actorToken.jwtId) }),
    ...lists,
    ...(request?.reason !== undefined && { statedReason: recordable(request.reason) }),
    ...(decision && { decision }),
    ...(omitted && { omitted }),
    ...(context.traceId !== undefined && { traceId: context.traceId }),
  };
}

function describeLists({ request, resources, exchange }: Progress) {
  const allTargets = resources?.map(({ audience }) => audience) ?? targetsAsSent(request);
  const chain = exchange ? actingParties(exchange) : [];
  const targets = recordableList(allTargets);
  const actors = chain.slice(0, MOST_RECORDED).map(recordableActor);
  const scopesRequested = recordableScopes(request?.scopes ?? []);
  return {
    lists: { ...(exchange && { actors }), targets, ...(request?.scopes && { scopesRequested }) },
    omitted: omittedOf({
      targets: { all: allTargets.length, recorded: targets.length },
      actors: { all: chain.length, recorded: actors.length },
      scopesRequested: { all: request?.scopes?.length ?? 0, recorded: scopesRequested.length },
    }),
  };
}

function recordableActor(actor: Actor): Actor {
  const told: { -readonly [Name in keyof Actor]: Actor[Name] } = { ...actor };
  for (const name of Object.keys(actor) as (keyof Actor)[]) told[name] = recordable(actor[name]!);
  return told;
}

function targetsAsSent(request: ExchangeRequest | undefined): readonly string[] {
  return request ? [...request.audiences, ...request.resources] : [];
}
