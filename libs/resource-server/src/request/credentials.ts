import type { ChallengeScheme } from '@onbehalf/oauth-protocol';
import passportJwt from 'passport-jwt';
import type { GuardedRequest } from './guarded-request.js';

/** An access token and the scheme under which it was presented. */
export interface Credentials {
  readonly scheme: ChallengeScheme;
  readonly token: string;
}

/** A request whose credentials cannot be read. RFC 6750 §3.1: `invalid_request`. */
export class MalformedCredentials extends Error {
  constructor(
    message: string,
    readonly scheme?: ChallengeScheme,
  ) {
    super(message);
    this.name = 'MalformedCredentials';
  }
}

// RFC 6750 §2.1: 1*SP b64token, and nothing after it. passport-jwt's extractor alone would take the first of several words.
const CREDENTIALS = /^\S+ +[A-Za-z0-9._~+/-]+=*$/;

interface SchemeReader {
  /** Whether the header is of this scheme, with credentials or without. */
  readonly pattern: RegExp;
  readonly extract: passportJwt.JwtFromRequestFunction;
}

const SCHEMES: Readonly<Record<ChallengeScheme, SchemeReader>> = {
  Bearer: { pattern: /^Bearer(\s|$)/i, extract: passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken() },
  DPoP: { pattern: /^DPoP(\s|$)/i, extract: passportJwt.ExtractJwt.fromAuthHeaderWithScheme('dpop') },
};

/**
 * The credentials of the `Authorization` header, the only place they are taken from; `undefined` when it is absent or of
 * another scheme. RFC 6750 §2.1, RFC 9449 §7.1.
 * @throws MalformedCredentials when there are several, or they do not have the form of a token
 */
export function readCredentials(request: GuardedRequest, schemes: readonly ChallengeScheme[]): Credentials | undefined {
  const values = authorizationValues(request);
  if (values.length > 1) throw new MalformedCredentials('The Authorization header must not be repeated');
  const [value = ''] = values;
  const scheme = schemes.find((known) => SCHEMES[known].pattern.test(value));
  if (!scheme) return undefined;
  if (carriesTokenElsewhere(request)) {
    throw new MalformedCredentials('The access token must be sent by one method only', scheme);
  }
  const token = SCHEMES[scheme].extract(request as Parameters<passportJwt.JwtFromRequestFunction>[0]);
  if (token === null || !CREDENTIALS.test(value)) {
    throw new MalformedCredentials('The Authorization header must hold exactly one access token', scheme);
  }
  return { scheme, token };
}

const NAME = 'authorization';

// Node keeps the first of several Authorization headers and drops the others without a word
function authorizationValues(request: GuardedRequest): readonly string[] {
  const raw = request.rawHeaders ?? request.raw?.rawHeaders;
  if (!raw) return [request.headers.authorization ?? []].flat();
  const values: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (name.length === NAME.length && name.toLowerCase() === NAME) values.push(raw[i + 1]!);
  }
  return values;
}

// RFC 6750 §2: a client must not use more than one method; the methods of §2.2 and §2.3 are not supported
function carriesTokenElsewhere(request: GuardedRequest): boolean {
  const { body, headers } = request;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  // Express parses the query each time it is read
  const hasQuery = request.url?.includes('?') ?? false;
  return (hasQuery && holdsAccessToken(request.query)) || (isForm && holdsAccessToken(body));
}

function holdsAccessToken(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'access_token');
}
