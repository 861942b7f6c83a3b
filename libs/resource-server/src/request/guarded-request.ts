import type { ExecutionContext } from '@nestjs/common';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What the guard reads of a request, whichever platform or transport brought it. */
export interface GuardedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were received: shows a repeated header, which `headers` hides. */
  readonly rawHeaders?: readonly string[];
  readonly method?: string;
  readonly url?: string;
  /** The URL before a router or a mount took its part away. */
  readonly originalUrl?: string;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly socket?: IncomingMessage['socket'];
  /** Node's request beneath Fastify's. */
  readonly raw?: IncomingMessage;
  /** Set by the guard. */
  auth?: VerifiedAccessToken;
}

/** A request behind the guard. */
export interface AuthenticatedRequest extends GuardedRequest {
  auth: VerifiedAccessToken;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the way in which Express lets its request be typed
  namespace Express {
    interface Request {
      /** The verified access token, set by the guard. */
      auth?: VerifiedAccessToken;
    }
  }
}

/**
 * Finds the request of an execution context that this library does not know; `undefined` when there is none. Asked once per
 * call; what it gives for a connection, such as a handshake, is read again for each message.
 */
export type RequestFinder = (context: ExecutionContext) => GuardedRequest | undefined;

/** The request of an execution context: HTTP, GraphQL (`context.req`) or gRPC (metadata). */
export function requestOf(context: ExecutionContext): GuardedRequest | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<GuardedRequest>();
    case 'graphql':
      return requestOfOperation(context.getArgByIndex<{ req?: GuardedRequest | SocketOperation } | undefined>(2)?.req);
    case 'rpc':
      return requestOfMetadata(context.switchToRpc().getContext());
    default:
      return undefined;
  }
}

/** What graphql-ws knows of an operation, which Nest hands on as `req` where the application does not choose. */
interface SocketOperation {
  readonly extra?: { readonly request?: GuardedRequest };
}

/** The HTTP request, or that which opened the connection. */
function requestOfOperation(given: GuardedRequest | SocketOperation | undefined): GuardedRequest | undefined {
  return given && 'extra' in given ? given.extra?.request : (given as GuardedRequest | undefined);
}

/** gRPC metadata, as far as it is read here. */
interface Metadata {
  get(name: string): readonly (string | Buffer)[];
}

function requestOfMetadata(metadata: unknown): GuardedRequest | undefined {
  if (!isMetadata(metadata)) return undefined;
  const values = metadata.get('authorization').map(String);
  return {
    headers: { authorization: values[0] },
    rawHeaders: values.flatMap((value) => ['authorization', value]),
  };
}

/** Whether this is gRPC metadata. */
export function isMetadata(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && 'getMap' in value && 'get' in value;
}

/** A response that headers can be set on: Express and Fastify both have `header`. */
interface HeaderResponse {
  header(name: string, value: string): unknown;
}

/** The response of an execution context; `undefined` where there is none, as in a microservice. */
function responseOf(context: ExecutionContext): HeaderResponse | undefined {
  const response: unknown =
    context.getType<string>() === 'graphql'
      ? context.getArgByIndex<{ req?: { res?: unknown } } | undefined>(2)?.req?.res
      : context.getType() === 'http'
        ? context.switchToHttp().getResponse()
        : undefined;
  return typeof (response as Partial<HeaderResponse> | undefined)?.header === 'function'
    ? (response as HeaderResponse)
    : undefined;
}

/** Sets headers on the response of the context, where there is one. */
export function setHeaders(headers: Readonly<Record<string, string>>, context: ExecutionContext): void {
  const response = responseOf(context);
  for (const [name, value] of Object.entries(headers)) response?.header(name, value);
}
