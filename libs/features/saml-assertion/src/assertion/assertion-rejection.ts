import { TokenRejection, type RejectionCode } from '@onbehalf/jwt-verification';

/** An assertion that is refused; what `message` says is fit for the wire and never holds the assertion. */
export function rejection(code: RejectionCode, message: string, cause?: unknown): TokenRejection {
  return new TokenRejection(code, message, cause === undefined ? undefined : { cause });
}
