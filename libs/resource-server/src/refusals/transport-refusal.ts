import type { ExecutionContext } from '@nestjs/common';
import { MARK, type AccessRefused } from './access-refused.js';
import { isMetadata } from '../request/guarded-request.js';

/** Status codes of gRPC. */
const GRPC = { INVALID_ARGUMENT: 3, PERMISSION_DENIED: 7, UNAVAILABLE: 14, UNAUTHENTICATED: 16 } as const;

const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: GRPC.INVALID_ARGUMENT,
  401: GRPC.UNAUTHENTICATED,
  403: GRPC.PERMISSION_DENIED,
  503: GRPC.UNAVAILABLE,
};

/**
 * The refusal as the transport of the call knows refusals. Gateways and message handlers tell their clients only what comes as
 * the exception class of their own package; anything else is an "Internal server error" to them.
 */
export async function forTransport(refusal: AccessRefused, context: ExecutionContext): Promise<Error> {
  switch (context.getType()) {
    case 'ws': {
      const { WsException } = await import('@nestjs/websockets');
      return asRefusal(new WsException(told(refusal)), refusal);
    }
    case 'rpc': {
      const { RpcException } = await import('@nestjs/microservices');
      const isGrpc = isMetadata(context.switchToRpc().getContext());
      const code = isGrpc && { code: GRPC_STATUS[refusal.getStatus()] };
      return asRefusal(new RpcException({ ...told(refusal), ...code }), refusal);
    }
    default:
      return refusal;
  }
}

/** What the client of a socket or a microservice is told: the members of the HTTP answer, and what Nest adds to exceptions. */
function told(refusal: AccessRefused): Record<string, unknown> {
  const { errorCode, message } = refusal;
  const body = refusal.getResponse() as Readonly<Record<string, unknown>>;
  return { ...body, status: 'error', statusCode: refusal.getStatus(), error: errorCode, message };
}

/** Filters that catch `AccessRefused` catch this too, and find its members. */
function asRefusal(exception: Error, refusal: AccessRefused): Error {
  return Object.assign(exception, {
    [MARK]: true,
    message: refusal.message,
    errorCode: refusal.errorCode,
    headers: refusal.headers,
    cause: refusal.cause,
    getStatus: () => refusal.getStatus(),
    getResponse: () => refusal.getResponse(),
  });
}
