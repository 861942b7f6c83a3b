/** Error codes of the token endpoint. RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2, RFC 9396 §5, RFC 9449 §5, RFC 9470 §3, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_authorization_details'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_user_authentication'
  | 'access_denied'
  | 'interaction_required'
  | 'authorization_pending'
  | 'slow_down'
  | 'temporarily_unavailable'
  | 'server_error';

const STATUS: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  temporarily_unavailable: 503,
  server_error: 500,
};

/** What an error holds beside its code and its description. */
export interface OAuthErrorDetail {
  /** Why, for the log and the audit record. Never sent over the wire, never a token or a secret. */
  readonly reason?: string;
  /** Further members of the error response, such as `acr_values` and `max_age` (RFC 9470 §3). */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** The HTTP status, where it is not that of the code: 429 for too many requests. RFC 6585 §4 */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A refusal by the authorization server. `code` and `description` go over the wire as `error` and `error_description`
 * (RFC 6749 §5.2), `status` is the HTTP status, `reason` stays in the log.
 */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  readonly description: string;
  readonly reason: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly status: number;

  constructor(code: OAuthErrorCode, description: string, detail: OAuthErrorDetail = {}) {
    super(`${code}: ${description}`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'OAuthError';
    this.code = code;
    this.description = description;
    this.reason = detail.reason ?? description;
    this.parameters = detail.parameters ?? {};
    this.status = detail.status ?? STATUS[code] ?? 400;
  }
}
