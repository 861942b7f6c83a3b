import {
  GrantType,
  isResourceIndicator,
  OAuthError,
  parseScope,
  repeatableParameter,
  singleParameter,
  TokenType,
} from '@onbehalf/oauth-protocol';
import type { ExchangeRequest, PresentedToken } from './exchange-request.js';
import type { DeclaredParameter } from './parameters.js';

/** More parameters than any exchange needs. Bounds the work on hostile forms. */
const MAX_PARAMETERS = 64;

/** Values of `audience` and `resource` together. */
const MAX_TARGETS = 8;

/** Characters of a value that is no token. */
const MAX_LENGTH = 2048;

/** Characters of a stated reason. */
const MAX_REASON_LENGTH = 500;

type RequestedTargets = Pick<ExchangeRequest, 'audiences' | 'resources'>;

/**
 * Reads a token exchange request. RFC 8693 §2.1; RFC 6749 §3.2 for empty, repeated and unknown parameters.
 * @param declared parameters beside those of RFC 8693 §2.1; whatever else the form holds is ignored
 * @param defaultType the requested type of a request that names none; an access token unless told
 * @throws OAuthError `invalid_request`, `unsupported_grant_type`, `invalid_target` or `invalid_scope`
 */
export function parseExchangeRequest(
  form: URLSearchParams,
  declared: readonly DeclaredParameter[] = [],
  defaultType: (targets: RequestedTargets) => string = () => TokenType.AccessToken,
): ExchangeRequest {
  if (form.size > MAX_PARAMETERS) throw new OAuthError('invalid_request', 'The request has too many parameters');
  checkGrantType(form);
  const actor = readActor(form);
  const scopes = readScopes(form);
  const reason = readReason(form);
  const subject = readSubject(form);
  const requestedType = bounded(form, 'requested_token_type');
  const targets = readTargets(form);
  return {
    subject,
    ...(actor && { actor }),
    // RFC 8693 §2.1: an unspecified type is at the discretion of the authorization server
    requestedType: requestedType ?? defaultType(targets),
    ...targets,
    ...(scopes && { scopes }),
    ...(reason !== undefined && { reason }),
    parameters: readDeclared(form, declared),
  };
}

function checkGrantType(form: URLSearchParams): void {
  const grantType = required(form, 'grant_type');
  if (grantType !== GrantType.TokenExchange) {
    throw new OAuthError('unsupported_grant_type', `grant_type must be ${GrantType.TokenExchange}`);
  }
}

function readSubject(form: URLSearchParams): PresentedToken {
  const token = required(form, 'subject_token');
  return { parameter: 'subject_token', token, type: required(form, 'subject_token_type') };
}

// RFC 8693 §2.1: actor_token_type is required when actor_token is present and must not be included otherwise
function readActor(form: URLSearchParams): PresentedToken | undefined {
  const token = singleParameter(form, 'actor_token');
  if (token !== undefined) return { parameter: 'actor_token', token, type: required(form, 'actor_token_type') };
  if (singleParameter(form, 'actor_token_type') === undefined) return undefined;
  throw new OAuthError('invalid_request', 'actor_token_type must not be sent without actor_token');
}

function readTargets(form: URLSearchParams): RequestedTargets {
  const audiences = repeatableParameter(form, 'audience');
  const resources = repeatableParameter(form, 'resource');
  // RFC 8693 §2.1.1: too many targets
  if (audiences.length + resources.length > MAX_TARGETS) {
    throw new OAuthError('invalid_target', 'The request names too many targets');
  }
  if ([...audiences, ...resources].some((target) => target.length > MAX_LENGTH)) {
    throw new OAuthError('invalid_target', 'A target is too long');
  }
  // RFC 8693 §2.1, RFC 8707 §2: an absolute URI without a fragment
  if (!resources.every(isResourceIndicator)) {
    throw new OAuthError('invalid_target', 'resource must be an absolute URI without a fragment');
  }
  return { audiences, resources };
}

function readScopes(form: URLSearchParams): readonly string[] | undefined {
  const scope = bounded(form, 'scope');
  const scopes = scope === undefined ? [] : parseScope(scope);
  return scopes.length === 0 ? undefined : scopes;
}

function readReason(form: URLSearchParams): string | undefined {
  const reason = singleParameter(form, 'reason')?.trim();
  if (reason === undefined || reason === '') return undefined;
  // what ends up in an audit trail must not be able to forge a line of it
  if (reason.length <= MAX_REASON_LENGTH && !/\p{C}/u.test(reason)) return reason;
  throw new OAuthError('invalid_request', `reason must be plain text of at most ${MAX_REASON_LENGTH} characters`);
}

function readDeclared(form: URLSearchParams, declared: readonly DeclaredParameter[]): ExchangeRequest['parameters'] {
  const entries = declared.flatMap(({ name, maxLength }) => {
    const value = bounded(form, name, maxLength);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function required(form: URLSearchParams, name: string): string {
  const value = singleParameter(form, name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is required`);
  return value;
}

function bounded(form: URLSearchParams, name: string, maxLength = MAX_LENGTH): string | undefined {
  const value = singleParameter(form, name);
  if (value !== undefined && value.length > maxLength) throw new OAuthError('invalid_request', `${name} is too long`);
  return value;
}
