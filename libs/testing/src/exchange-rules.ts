import type { OAuthErrorCode } from '@onbehalf/oauth-protocol';

/** What a client may exchange tokens for. The first rule whose client and target are those of a request decides it. */
export interface ExchangeRule {
  /** The `audience` or the `resource` of the request, and the audience of the token. RFC 8693 §2.1, RFC 8707 §2 */
  readonly target: string;
  /** The client that exchanges; absent: each of them. */
  readonly client?: string;
  /** What may be granted, and is when the request names no scope; absent: nothing. */
  readonly scopes?: readonly string[];
  /** The audience that the subject token must have; absent: any. */
  readonly subjectAudience?: string;
  /** `delegation`, the default, names the actor in `act` (RFC 8693 §4.1); `impersonation` names none (§1.1). */
  readonly mode?: 'delegation' | 'impersonation';
  /** Further claims of the token, in the place of those that it would have. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Refuses with this code instead. */
  readonly refuse?: OAuthErrorCode;
}
