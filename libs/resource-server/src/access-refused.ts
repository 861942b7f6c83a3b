import { HttpException } from '@nestjs/common';
import type { BearerErrorCode } from '@onbehalf/oauth-protocol';

/** Why a request is refused: a code of RFC 6750 §3.1 and its extensions, no token at all, or keys and state out of reach. */
export type AccessRefusedCode = BearerErrorCode | 'missing_token' | 'temporarily_unavailable';

export interface AccessRefusedResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** `WWW-Authenticate`, `Retry-After` or `DPoP-Nonce`. Already set on the response when the guard throws. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A request that the guard refuses. Nest's filters can tell the cases apart by `errorCode`.
 * Neither message nor body holds a token.
 */
export class AccessRefused extends HttpException {
  declare readonly errorCode: AccessRefusedCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: AccessRefusedCode, message: string, response: AccessRefusedResponse, cause?: unknown) {
    super({ ...response.body }, response.status, { errorCode: code, cause });
    this.name = 'AccessRefused';
    this.message = message;
    this.headers = response.headers;
  }
}
