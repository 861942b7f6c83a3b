import { errors } from 'jose';
import { invalidClaim, TokenRejection } from './token-rejection.js';

/**
 * The rejection that an error of jose means; any other error as it is. jose's errors are no cause of ours: they carry the
 * claims, and a syntax error quotes what it could not parse.
 */
export function toRejection(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenRejection('expired', 'The token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed')
      return new TokenRejection('not_yet_valid', 'The token is not valid yet');
    return invalidClaim(error.claim);
  }
  if (error instanceof errors.JOSENotSupported) {
    return new TokenRejection('critical', 'The token has a header that is not supported');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenRejection('signature', 'The signature of the token is invalid');
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return new TokenRejection('malformed', 'The token is not a valid JWT');
  }
  return error;
}
