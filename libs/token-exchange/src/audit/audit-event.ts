import type { Actor, OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { actorChain } from '../decision/delegation.js';
import type { IssuedToken } from '../issuers/issued-token.js';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import type { ExchangeContext, ExchangeRequest } from '../request/exchange-request.js';
import { toldMembers, type AuditMember } from './audit-member.js';
import type { Progress } from './progress.js';
import { recordable } from './recordable.js';

/**
 * The record of one token exchange request. Holds no token and nothing a token could be rebuilt from. Beside these stand the
 * members that are declared for it.
 */
export interface ExchangeAuditEvent {
  readonly type: 'token_exchange';
  /** `rejected` by policy or protocol, `failed` for want of something the server depends on. */
  readonly outcome: 'issued' | 'rejected' | 'failed';
  /** Seconds since the epoch. */
  readonly time: number;
  readonly clientId: string;
  readonly kind?: 'delegation' | 'impersonation';
  readonly subject?: string;
  readonly subjectIssuer?: string;
  /** The chain of the new token, or the one it would have had; the current actor first. */
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
  readonly traceId?: string;
}

/** What is told of a request, whatever becomes of it. */
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
    ? { ...toldOfRefusal(request, members), ...told, ...describeRefusal(outcome) }
    : { ...toldMembers(members, request.reached, outcome), ...told, ...describeIssued(outcome) };
}

// a refusal is recorded whatever its members come to; a token does not leave without them
function toldOfRefusal({ reached }: AuditedRequest, members: readonly AuditMember[]): object {
  try {
    return toldMembers(members, reached);
  } catch {
    return {};
  }
}

type Outcome = Pick<ExchangeAuditEvent, 'outcome'> & Partial<ExchangeAuditEvent>;

function describeIssued({ jwtId, issuedTokenType, expiresAt, scopes }: IssuedToken): Outcome {
  return { outcome: 'issued', issuedTokenId: jwtId, issuedTokenType, expiresAt, scopesGranted: scopes };
}

function describeRefusal({ rule, code, reason }: ExchangeRefusal): Outcome {
  return {
    outcome: SERVER_FAULTS.includes(code) ? 'failed' : 'rejected',
    rule,
    error: code,
    reason: recordable(reason),
  };
}

const SERVER_FAULTS: readonly OAuthErrorCode[] = ['server_error', 'temporarily_unavailable'];

function describe({ time, clientId, context, reached }: AuditedRequest): Omit<ExchangeAuditEvent, 'outcome'> {
  const { request, resources, subject, actorToken, exchange } = reached;
  return {
    type: 'token_exchange',
    time,
    clientId,
    ...(exchange && { kind: exchange.kind, actors: actorChain(exchange) }),
    ...(subject && { subject: subject.subject, subjectIssuer: subject.issuer }),
    ...(subject?.jwtId !== undefined && { subjectTokenId: subject.jwtId }),
    ...(actorToken?.jwtId !== undefined && { actorTokenId: actorToken.jwtId }),
    targets: resources?.map(({ audience }) => audience) ?? targetsAsSent(request),
    ...(request?.scopes && { scopesRequested: request.scopes.map(recordable) }),
    ...(request?.reason !== undefined && { statedReason: recordable(request.reason) }),
    ...(context.traceId !== undefined && { traceId: context.traceId }),
  };
}

function targetsAsSent(request: ExchangeRequest | undefined): readonly string[] {
  return request ? [...request.audiences, ...request.resources].map(recordable) : [];
}
