import { TokenType } from '@onbehalf/oauth-protocol';
import { ExchangedToken, type ExchangedTokenType } from './exchanged-token.js';
import { ExchangeRefused, ExchangeUnavailable, type InteractionNeeded, type StepUp } from './exchange-errors.js';
import { printable } from './printable.js';
import { causeOf, type RefusalRule } from './refusal-cause.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What the answer to one request must satisfy. */
export interface AnswerExpectations {
  /** RFC 8693 §2.2.1 requires `issued_token_type`; other grants do not have it. */
  readonly issuedTokenType: 'required' | 'optional' | 'absent';
  readonly requestedType?: string;
  /** The key that the token must be bound to has been shown. RFC 9449 §5. */
  readonly dpop: boolean;
  readonly stepUp?: (body: JsonObject) => StepUp | undefined;
  /** Without a subject token a refusal can only be about the set-up. */
  readonly forService: boolean;
  /** How this server words its refusals. */
  readonly refusals?: readonly RefusalRule[];
}

/**
 * Reads a success answer of the token endpoint. RFC 6749 §5.1, RFC 8693 §2.2.1.
 * @throws ExchangeUnavailable `malformed`
 */
export function readTokenAnswer(body: JsonObject | undefined, expected: AnswerExpectations): ExchangedToken {
  if (body === undefined) throw malformed('it is not a JSON object');
  const { access_token: token, scope, expires_in: expiresIn } = body;
  if (typeof token !== 'string' || !VSCHAR.test(token)) throw malformed('it holds no access_token');
  if (scope !== undefined && typeof scope !== 'string') throw malformed('scope is not a string');
  return new ExchangedToken({
    token,
    tokenType: readTokenType(body['token_type'], expected),
    issuedTokenType: readIssuedType(body['issued_token_type'], expected),
    expiresIn: readSeconds(expiresIn),
    scopes: scope?.split(' ').filter((value) => value !== ''),
  });
}

/** Reads an error answer of the token endpoint. RFC 6749 §5.2, RFC 9470 §3. */
export function readRefusal(
  status: number,
  body: JsonObject | undefined,
  expected: AnswerExpectations,
): ExchangeRefused | undefined {
  const error = body?.['error'];
  if (body === undefined || typeof error !== 'string' || !ERROR_CODE.test(error)) return undefined;
  const description = printable(body['error_description']);
  const { about, setting } = causeOf(error, description, expected.refusals);
  return new ExchangeRefused({
    error,
    description,
    status,
    about: expected.forService ? 'set-up' : about,
    setting,
    stepUp: readStepUp(error, body) ?? expected.stepUp?.(body),
    interaction: readInteraction(error, body),
  });
}

// RFC 6749 appendix A
const VSCHAR = /^[\x20-\x7e]+$/;
const ERROR_CODE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

const LONGEST_ADDRESS = 2048;

// an address that a page is to show as a link: no other scheme, and nobody's credentials
function readInteraction(error: string, body: JsonObject): InteractionNeeded | undefined {
  const { interaction_uri: uri } = body;
  if (error !== 'interaction_required' || typeof uri !== 'string' || uri.length > LONGEST_ADDRESS) return undefined;
  const address = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || address.username || address.password) return undefined;
  const scope = printable(body['scope']);
  return { uri: address.href, ...(scope !== undefined && { scope }) };
}

// RFC 9470 §3
function readStepUp(error: string, body: JsonObject): StepUp | undefined {
  if (error !== 'insufficient_user_authentication') return undefined;
  const maxAge = Number(body['max_age'] ?? Number.NaN);
  const acrValues = printable(body['acr_values']);
  return { ...(acrValues && { acrValues }), ...(Number.isInteger(maxAge) && maxAge >= 0 && { maxAge }) };
}

// RFC 6749 §5.1: the type's value is case insensitive
function readTokenType(value: unknown, expected: AnswerExpectations): ExchangedTokenType {
  const type = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (type === 'n_a') return 'N_A';
  // RFC 9449 §5: a client that sent a proof must not take a token that is not bound to its key
  if (expected.dpop && type !== 'dpop') throw malformed('token_type is not DPoP although a proof was sent');
  if (type === 'bearer') return 'Bearer';
  if (type === 'dpop' && expected.dpop) return 'DPoP';
  throw malformed('token_type is missing or not supported');
}

function readIssuedType(value: unknown, { issuedTokenType, requestedType }: AnswerExpectations): string | undefined {
  if (issuedTokenType === 'absent' || (issuedTokenType === 'optional' && value === undefined)) return undefined;
  if (typeof value !== 'string' || value === '') throw malformed('it holds no issued_token_type');
  const wanted = requestedType ?? TokenType.AccessToken;
  if (value === wanted || (isAccessTokenType(value) && isAccessTokenType(wanted))) return value;
  throw malformed('issued_token_type is not what was requested');
}

// An access token may be called a JWT as well (RFC 8693 §3).
function isAccessTokenType(type: string): boolean {
  return type === TokenType.AccessToken || type === TokenType.Jwt;
}

// Some servers send digits as a string; a value below zero means nothing.
function readSeconds(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw malformed('expires_in is not a number');
  return Math.max(0, Math.floor(seconds));
}

function malformed(problem: string): ExchangeUnavailable {
  return new ExchangeUnavailable('malformed', `The token endpoint's answer is not usable: ${problem}`);
}
