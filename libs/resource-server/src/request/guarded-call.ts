import type { ExecutionContext } from '@nestjs/common';
import { requestOf, type GuardedRequest, type RequestFinder } from './guarded-request.js';

/** One call of a handler: an HTTP request, one message of a connection, or a field of a query. */
export interface GuardedCall {
  readonly request: GuardedRequest;
  /**
   * What lives exactly as long as the call, and keeps what was verified for it: the HTTP request, or the arguments of a
   * message. A connection lives longer; what is kept on it would outlive a logout.
   */
  readonly owner: object;
}

interface Keeping {
  [key: symbol]: GuardedCall | undefined;
}

/** Finds the call of an execution context. Guards and interceptors of one call get the same one. */
export class GuardedCalls {
  readonly #find: RequestFinder | undefined;
  readonly #kept = Symbol('onbehalf:call');

  constructor(find?: RequestFinder) {
    this.#find = find;
  }

  /** The call; `undefined` when the context has no request. */
  of(context: ExecutionContext): GuardedCall | undefined {
    const keeper = keeperOf(context) as Keeping;
    return (keeper[this.#kept] ??= this.#findCall(context, keeper));
  }

  /** The call of the context when a guard has found its request in a way of its own. */
  adopt(context: ExecutionContext, request: GuardedRequest): GuardedCall {
    const known = this.of(context);
    if (known?.request === request) return known;
    const keeper = keeperOf(context) as Keeping;
    const owner = context.getType() === 'http' ? request : keeper;
    return (keeper[this.#kept] = { request, owner });
  }

  #findCall(context: ExecutionContext, keeper: object): GuardedCall | undefined {
    const found = this.#find?.(context);
    if (found) return { request: found, owner: keeper };
    const request = requestOf(context);
    if (!request) return undefined;
    // the fields of one query share its HTTP request; what has no method is made by hand, and may be one for a connection
    const isHttp = request.method !== undefined && !isConnection(request);
    const isShared = context.getType<string>() === 'graphql' && isHttp;
    return { request, owner: isShared ? request : keeper };
  }
}

/** Nest hands the guards and interceptors of a call one and the same list of arguments; over HTTP, the same request in new lists. */
function keeperOf(context: ExecutionContext): object {
  const args: unknown[] = context.getArgs();
  const [first] = args;
  return context.getType<string>() === 'http' && typeof first === 'object' && first !== null ? first : args;
}

/**
 * Whether the request opened a connection, such as a WebSocket, whose messages it stands for. Node.js tells of its own requests: one
 * whose client would rather speak another protocol, and is answered in HTTP, opened none. RFC 9110 §7.8.
 */
export function isConnection(request: Pick<GuardedRequest, 'headers' | 'raw'>): boolean {
  const { upgrade } = (request.raw ?? request) as { readonly upgrade?: boolean | null };
  return upgrade ?? request.headers?.upgrade !== undefined;
}
