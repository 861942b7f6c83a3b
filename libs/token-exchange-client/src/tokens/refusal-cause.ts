/** What a refusal is about, and so who can do something about it. */
export type RefusedMatter =
  /** The token of the user is not accepted any more: a fresh one, or a new login, may help. */
  | 'subject-token'
  /** The user may not. */
  | 'access'
  /** The client, the server or the user's token are set up in a way that no user can change. */
  | 'set-up';

/** What a refused exchange is about, and what in this service to look at. */
export interface RefusalCause {
  readonly about: RefusedMatter;
  /** What to look at when it is the set-up: a setting of this library, or one at the server. */
  readonly setting?: string;
}

/** Tells refusals of one server apart: the first rule that fits its `error` and `error_description` counts. */
export interface RefusalRule extends RefusalCause {
  readonly error: RegExp;
  readonly description?: RegExp;
}

const TARGET = 'audience or resource';

/** What RFC 6749 §5.2, RFC 8693 §2.2.2 and RFC 8707 §2 say, and the words of Onbehalf's own server. */
const RULES: readonly RefusalRule[] = [
  { error: /^invalid_token$/, about: 'subject-token' },
  { error: /^invalid_client$/, about: 'set-up', setting: 'clientAuthentication' },
  {
    error: /^unauthorized_client$/,
    about: 'set-up',
    setting: 'clientAuthentication (the grant types of the client at the server)',
  },
  { error: /^unsupported_grant_type$/, about: 'set-up', setting: 'preset' },
  { error: /^unsupported_request$/, about: 'set-up', setting: 'preset' },
  { error: /^invalid_target$/, about: 'set-up', setting: TARGET },
  {
    error: /^invalid_scope$/,
    description: /\b(?:unknown|not known|unsupported|not supported|not registered|malformed)\b/i,
    about: 'set-up',
    setting: 'scope',
  },
  {
    error: /^invalid_scope$/,
    description: /^The requested scope exceeds what may be granted for this target$/,
    about: 'set-up',
    setting: 'scope (the edge at the server)',
  },
  {
    error: /^(?:invalid_request|invalid_grant)$/,
    description: /_type\b.*\bnot (?:supported|accepted|issued)/i,
    about: 'set-up',
    setting: 'preset (token types)',
  },
  {
    error: /^invalid_request$/,
    description: /^The subject_token was not issued for this client to receive$/,
    about: 'set-up',
    setting: 'clientAuthentication (the audiences that the client represents at the server)',
  },
  { error: /^invalid_request$/, description: /\bactor_token\b/i, about: 'set-up', setting: 'actor' },
  {
    error: /^invalid_request$/,
    description: /\bbound to a key\b|client certificate is required/i,
    about: 'set-up',
    setting: 'dpop (the server must allow the rebinding)',
  },
  {
    error: /^invalid_request$/,
    description:
      /\bsubject_token\b.*(?:is invalid|no longer accepted|not acceptable|expired|revoked|inactive)|^No lifetime is left/i,
    about: 'subject-token',
  },
  { error: /^invalid_grant$/, description: /consent|not assigned|denied/i, about: 'access' },
  // RFC 6749 §5.2: the grant, which the subject token is, is invalid, expired or revoked
  { error: /^invalid_grant$/, about: 'subject-token' },
  {
    error: /^invalid_request$/,
    description: /\bis required$|\bmissing\b|too (?:long|many)|\bduplicate|\bparameter\b/i,
    about: 'set-up',
    setting: 'parameters',
  },
];

/** Refusals that say: this user may not, unless the description says more. */
const USER_MAY_NOT = new Set([
  'access_denied',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'consent_required',
  'interaction_required',
]);

/** What a refusal is about as far as its code alone tells. */
export function matterOf(error: string): RefusedMatter {
  return USER_MAY_NOT.has(error) ? 'access' : 'set-up';
}

/** What a refusal is about, by the words of the server and those of the RFCs. */
export function causeOf(
  error: string,
  description: string | undefined,
  ofServer: readonly RefusalRule[] = [],
): RefusalCause {
  const fits = (rule: RefusalRule): boolean =>
    rule.error.test(error) && (rule.description?.test(description ?? '') ?? true);
  const { about, setting } = [...ofServer, ...RULES].find(fits) ?? { about: matterOf(error) };
  return { about, ...(setting && { setting }) };
}
