import { HttpException } from '@nestjs/common';
import type { BearerErrorCode } from '@onbehalf/oauth-protocol';

/** Why a request is refused: a code of RFC 6750 §3.1 and its extensions, no token at all, or keys and state out of reach. */
export type AccessRefusedCode = BearerErrorCode | 'missing_token' | 'temporarily_unavailable';

/** The answer to a refused request. The headers are those of RFC 6750 §3 and RFC 9449 §8. */
export interface AccessRefusedResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** `WWW-Authenticate`, `Retry-After` or `DPoP-Nonce`. Already set on the response when the guard throws. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Codes by which clients of GraphQL tell refusals from failures. */
const GRAPHQL_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** Marks the exception of another class that stands for a refusal, where a transport knows only its own. */
export const MARK = Symbol.for('@onbehalf/resource-server:access-refused');

/**
 * A request that the guard refuses. Nest's filters can tell the cases apart by `errorCode`.
 * Neither message nor body holds a token.
 */
export class AccessRefused extends HttpException {
  // NestJS 11 does not set it
  override readonly errorCode: AccessRefusedCode;
  readonly headers: Readonly<Record<string, string>>;
  /** What a GraphQL error says of it: `UNAUTHENTICATED`, `FORBIDDEN`, … and the code of the refusal. */
  readonly extensions: { readonly code: string | undefined; readonly error: AccessRefusedCode };

  /** Also true for the exception of another class that stands for a refusal, where a transport knows only its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      typeof value === 'object' &&
      value !== null &&
      (MARK in value || Object.prototype.isPrototypeOf.call(this.prototype, value))
    );
  }

  constructor(code: AccessRefusedCode, message: string, response: AccessRefusedResponse, cause?: unknown) {
    super({ ...response.body }, response.status, { errorCode: code, cause });
    this.errorCode = code;
    this.name = 'AccessRefused';
    this.message = message;
    this.headers = response.headers;
    this.extensions = { code: GRAPHQL_CODES[response.status], error: code };
  }
}
