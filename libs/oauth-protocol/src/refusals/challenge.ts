/** Authentication schemes of protected resources. RFC 6750 §3, RFC 9449 §7.1. */
export type ChallengeScheme = 'Bearer' | 'DPoP';

/** Error codes of protected resources. RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3, and our own for impersonations and agents. */
export type BearerErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'impersonation_forbidden'
  | 'agent_forbidden';

/** The auth-params of a challenge, in the order in which they are written; `undefined` ones are left out. */
export type ChallengeParameters = Readonly<Record<string, string | number | undefined>>;

/** The value of a `WWW-Authenticate` header. RFC 9110 §11.6.1, RFC 6750 §3. */
export function formatChallenge(scheme: ChallengeScheme, parameters: ChallengeParameters = {}): string {
  const written = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      typeof value === 'number' ? `${name}=${value}` : `${name}="${quotable(value as string)}"`,
    );
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`;
}

// RFC 6750 §3: values must not hold characters outside %x20-21 / %x23-5B / %x5D-7E
function quotable(value: string): string {
  return value.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
