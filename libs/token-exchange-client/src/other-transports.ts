import type { Problem, ProblemAnswer } from './problem.js';

/** The answer to a caller over a socket or a message broker: what it can do, as {@link Problem} says over HTTP. */
export interface MessageRefusal {
  /** As Nest's own exceptions of sockets and messages. */
  readonly status: 'error';
  readonly message: string;
  /** As in RFC 6750 §3. */
  readonly error: string;
  /** The HTTP status that it stands for. */
  readonly statusCode: number;
  /** The status of gRPC. */
  readonly code: number;
}

/** https://grpc.io/docs/guides/status-codes */
const GRPC: Readonly<Record<number, number>> = { 401: 16, 403: 7, 502: 14, 503: 14 };
const GRPC_INTERNAL = 13;
const GRAPHQL: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
};

export function toMessageRefusal({ status, error, detail }: Problem): MessageRefusal {
  return { status: 'error', message: detail, error, statusCode: status, code: GRPC[status] ?? GRPC_INTERNAL };
}

/** An error of which GraphQL servers pass on `extensions`, with the codes that Apollo and Mercurius use. */
export function toGraphqlError({ problem, headers }: ProblemAnswer): Error {
  const { status, error, detail } = problem;
  const challenge = headers['WWW-Authenticate'];
  const code = GRAPHQL[status] ?? 'INTERNAL_SERVER_ERROR';
  const extensions = { code, status, error, ...(challenge && { challenge }) };
  return Object.assign(new Error(detail), { extensions });
}
