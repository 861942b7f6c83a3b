/** How strongly a specification demands something. RFC 2119. */
export type Level = 'MUST' | 'SHOULD';

/** A sentence of a specification that needs a test, or that no test of this repository can decide, and then why. */
export interface RequiredSentence {
  readonly id: string;
  readonly level: Level;
  readonly sentence: string;
  readonly beyondTests?: string;
}

const must = (id: string, sentence: string, beyondTests?: string): RequiredSentence => ({
  id,
  level: 'MUST',
  sentence,
  ...(beyondTests !== undefined && { beyondTests }),
});

const should = (id: string, sentence: string, beyondTests?: string): RequiredSentence => ({
  ...must(id, sentence, beyondTests),
  level: 'SHOULD',
});

const BY_THE_CLIENT = 'Demanded of the client that sends the request.';

/** Every MUST and SHOULD (and REQUIRED, RECOMMENDED) of RFC 8693; of RFC 9068 §2 to §4 and RFC 8707 §2 what an exchange touches. */
export const requiredSentences: readonly RequiredSentence[] = [
  must('RFC8693-2.1-grant-type', 'grant_type is REQUIRED and names the token exchange'),
  must('RFC8693-2.1-resource-absolute', 'the value of resource MUST be an absolute URI'),
  must('RFC8693-2.1-resource-fragment', 'resource MUST NOT include a fragment component'),
  must('RFC8693-2.1-subject-token', 'subject_token is REQUIRED'),
  must('RFC8693-2.1-subject-token-type', 'subject_token_type is REQUIRED'),
  must('RFC8693-2.1-actor-token-type', 'actor_token_type is REQUIRED when actor_token is present'),
  must('RFC8693-2.1-actor-token-type-alone', 'actor_token_type MUST NOT be included otherwise'),
  must(
    'RFC8693-2.1-validation',
    'the authorization server MUST perform the appropriate validation procedures for the indicated token type',
  ),
  must(
    'RFC8693-2.1-actor-validation',
    'if the actor token is present, the server MUST also validate it by its indicated type',
  ),
  must('RFC8693-2.2.1-access-token', 'access_token is REQUIRED and holds the issued token'),
  must('RFC8693-2.2.1-issued-token-type', 'issued_token_type is REQUIRED'),
  must('RFC8693-2.2.1-token-type', 'token_type is REQUIRED, and N_A when the token is no access token'),
  should('RFC8693-2.2.1-expires-in', 'expires_in is RECOMMENDED, the lifetime in seconds'),
  must('RFC8693-2.2.1-scope', 'scope is REQUIRED when it differs from the requested scope'),
  must(
    'RFC8693-2.2.2-error-response',
    'a request that is not valid MUST be answered by an error response of RFC 6749 §5.2',
  ),
  must('RFC8693-2.2.2-invalid-request', 'the value of the error parameter MUST be the invalid_request error code'),
  should(
    'RFC8693-2.2.2-invalid-target',
    'an unwillingness to issue a token for a target SHOULD be told by invalid_target',
  ),
  must('RFC8693-4.1-identity', 'non-identity claims are not used within the act claim'),
  must('RFC8693-4.1-nesting', 'the outermost act claim represents the current actor, nested ones prior actors'),
  must('RFC8693-4.1-current-actor', 'access control MUST only consider the top-level claims and the current actor'),
  must('RFC8693-4.2-scope', 'scope is a JSON string of space-separated scopes'),
  must('RFC8693-4.3-client-id', 'client_id carries the identifier of the client that requested the token'),
  must(
    'RFC8693-6-encrypted-channels',
    'tokens MUST only be transmitted over encrypted channels',
    'Decided by the deployment: TLS in front of every endpoint. The apps speak plain HTTP to a local address only.',
  ),
  must(
    'RFC8693-6-encrypted-token',
    'where information is to be kept from the client, the token MUST be encrypted to its recipient',
    'Not supported: issued tokens are signed and not encrypted, and hold nothing that their client may not see.',
  ),
  should('RFC8693-6-minimal', 'issued tokens SHOULD only include the minimally necessary data'),

  must('RFC9068-2.1-signed', 'JWT access tokens MUST be signed'),
  must('RFC9068-2.1-none', 'JWT access tokens MUST NOT use none as the signing algorithm'),
  must('RFC9068-2.1-rs256', 'RS256 MUST be among the supported signature algorithms'),
  must('RFC9068-2.1-typ', 'the media type application/at+jwt MUST be in the typ header'),
  must('RFC9068-2.2-claims', 'iss, exp, aud, sub, client_id, iat and jti are REQUIRED'),
  should('RFC9068-2.2-sub', 'where no resource owner is involved, sub SHOULD identify the client'),
  should('RFC9068-2.2.3-scope', 'a token asked for with scope SHOULD include a scope claim'),
  must('RFC9068-2.2.3-meaning', 'every scope in the scope claim MUST have meaning for the resources in aud'),
  should('RFC9068-3-resource', 'aud SHOULD stand for the resource of the request'),
  must('RFC9068-3-default', 'without resource the authorization server MUST use a default in aud'),
  should('RFC9068-3-scope', 'scopes of different default resources SHOULD be answered with invalid_scope'),
  must('RFC9068-4-typ', 'the typ header value MUST be at+jwt or application/at+jwt'),
  must('RFC9068-4-issuer', 'the issuer identifier MUST exactly match the value of iss'),
  must('RFC9068-4-audience', 'aud MUST contain an identifier that the recipient expects for itself'),
  must('RFC9068-4-signature', 'the signature MUST be validated, with the keys of the authorization server'),
  must('RFC9068-4-none', 'a JWT in which the value of alg is none MUST be rejected'),
  must('RFC9068-4-expiry', 'the current time MUST be before the time of exp'),

  must('RFC8707-2-absolute', 'the value of resource MUST be an absolute URI'),
  must('RFC8707-2-fragment', 'the URI MUST NOT include a fragment component'),
  should('RFC8707-2-query', 'the URI SHOULD NOT include a query component', BY_THE_CLIENT),
  should('RFC8707-2-specific', 'the client SHOULD name the most specific URI it can', BY_THE_CLIENT),
  should(
    'RFC8707-2-audience-restriction',
    'the authorization server SHOULD audience-restrict the token to the resource',
  ),
  should('RFC8707-2-invalid-target', 'an unacceptable resource SHOULD be answered with invalid_target'),
];
