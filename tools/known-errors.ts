/** A code by which programs and people know an error: what it comes from, and what to do about it. */
export interface KnownError {
  readonly code: string;
  readonly cause: string;
  readonly cure: string;
}

/** Rows of code, cause and cure. */
export const table = (rows: readonly (readonly [string, string, string])[]): readonly KnownError[] =>
  rows.map(([code, cause, cure]) => ({ code, cause, cure }));

/** Breaks of the audit trail that are none of its chains. */
export const BREAKS = table([
  [
    'used_client_missing',
    'A client that got something on behalf of a person is not in the list that the person is told it from.',
    'Find out who took it out. [Put it back](guides/operation/audit-trail.md#what-people-are-told) from the records.',
  ],
  [
    'life_begins_too_late',
    'The account of a person is said to begin after this record, so that the person is not told of it.',
    'Find out who changed it. [Put it back](guides/operation/audit-trail.md#what-people-are-told).',
  ],
]);

/** Values of `error` in answers. */
export const ANSWERS = table([
  [
    'invalid_request',
    'A parameter is missing, repeated or malformed, or a token is not acceptable (RFC 6749 §5.2, RFC 8693 §2.2.2).',
    'Read `error_description`; for a token, the audit record names the rule and the reason.',
  ],
  [
    'authorization_pending',
    'A second person has to confirm the impersonation (RFC 8628 §3.5).',
    'Let another operator confirm `request_id`, and send the same request again after `interval` seconds.',
  ],
  ['slow_down', 'The same request came again too soon (RFC 8628 §3.5).', 'Wait for `interval` seconds.'],
  [
    'impersonation_forbidden',
    'An administrator uses the account, and the endpoint is closed to that.',
    'Let the user do it; more scope would not help.',
  ],
  [
    'agent_forbidden',
    'An AI agent stands behind the request, and the endpoint is closed to that.',
    'Let the user do it; more scope would not help.',
  ],
  [
    'interaction_required',
    'The user has to do something first, such as allowing an AI agent to act (OpenID Connect Core §3.1.2.6).',
    'Send the user to `interaction_uri`, and repeat the request afterwards.',
  ],
  [
    'invalid_client',
    'The client did not authenticate: no credentials, wrong ones, or a method that it is not registered for.',
    'Compare the client’s `authentication` and secret with what it sends.',
  ],
  [
    'invalid_grant',
    'A code or refresh token was used before, has expired, or its grant was revoked.',
    'Let the user sign in again.',
  ],
  [
    'unauthorized_client',
    'The client may not use this grant, or no edge permits the exchange.',
    'Add the grant to its `grantTypes`, or an edge; `explain` tells which is missing.',
  ],
  [
    'unsupported_grant_type',
    'The server knows no such grant.',
    'Write the full URN, such as `urn:ietf:params:oauth:grant-type:token-exchange`.',
  ],
  [
    'invalid_scope',
    'A scope is malformed, or beyond what client, subject and edge allow.',
    'Ask for less, or widen the registration; the audit record tells which scope.',
  ],
  [
    'invalid_target',
    'The audience or resource is not registered, malformed, or not permitted to the client (RFC 8707 §2).',
    'Name a registered `audience` or `resource`.',
  ],
  [
    'invalid_token',
    'The access token is expired, revoked, for another audience, or not a token of a trusted issuer (RFC 6750 §3.1).',
    'Fetch a fresh token for this service.',
  ],
  [
    'insufficient_scope',
    'The token is good, but does not hold the scope of the endpoint (RFC 6750 §3.1).',
    'Ask for the scope that the challenge names.',
  ],
  [
    'insufficient_user_authentication',
    'The user has to sign in again, or more strongly (RFC 9470 §3).',
    'Repeat the authorization request with the `acr_values` and `max_age` of the answer.',
  ],
  [
    'invalid_dpop_proof',
    'The DPoP proof is malformed, old, replayed, or of another key (RFC 9449 §5).',
    'Sign a fresh proof for each request with the key of the token.',
  ],
  [
    'use_dpop_nonce',
    'The proof lacks the nonce of the server (RFC 9449 §8).',
    'Repeat the request with the nonce of the `DPoP-Nonce` header.',
  ],
  ['access_denied', 'A policy denies what was asked for.', 'Ask whoever maintains the policy.'],
  [
    'temporarily_unavailable',
    'Something that the server needs is out of reach, or there are too many requests.',
    'Try again after the seconds of `Retry-After`.',
  ],
  [
    'server_error',
    'The server failed. The reason is in the log under the same trace.',
    'Look for `server_error` in the log of the server.',
  ],
  [
    'not_found',
    'There is nothing at this path, or nothing registered under this id.',
    'Compare the path with the metadata, the id with the list.',
  ],
  ['unsupported_request', 'The service cannot take the request in this form.', 'Read `error_description`.'],
  ['unauthorized', 'There is no token.', 'Send an access token of the server with the scope of the endpoint.'],
]);

/** Values of `code` of a `TokenRejection`. */
export const REJECTIONS = table([
  ['oversized', 'The token is longer than any that is read.', 'Put less into it.'],
  ['malformed', 'It is not a JWT.', 'Send the token as it was issued.'],
  [
    'algorithm',
    'Its algorithm is not one that the issuer is trusted for.',
    'List the algorithm, if the issuer uses it.',
  ],
  ['type', 'Its `typ` says that it is another kind of token (RFC 9068 §4).', 'Send an access token.'],
  ['critical', 'It demands an extension that nobody here understands (RFC 7515 §4.1.11).', 'Leave the extension out.'],
  ['signature', 'Its signature is wrong.', 'Find out who changed it; compare the keys.'],
  ['unknown_key', 'The issuer publishes no key of its `kid`.', 'Check whether the issuer has rotated its keys.'],
  ['issuer', 'Its issuer is not trusted.', 'Register the issuer, letter by letter as in `iss`.'],
  ['audience', 'It is for somebody else.', 'Ask for a token for this audience.'],
  ['expired', 'It has expired.', 'Fetch a fresh one; compare the clocks.'],
  ['not_yet_valid', 'Its `nbf` or `iat` lies ahead.', 'Compare the clocks.'],
  [
    'claim',
    'A claim is missing or not as its specification demands, or the token was revoked.',
    'The message names the claim.',
  ],
]);
