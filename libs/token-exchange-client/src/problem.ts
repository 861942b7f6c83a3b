import { Buffer } from 'node:buffer';
import { formatChallenge } from '@onbehalf/oauth-protocol';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream/downstream-errors.js';
import { ExchangeRefused, ExchangeUnavailable, type InteractionNeeded, type StepUp } from './tokens/exchange-errors.js';

/** A problem document. RFC 9457 §3.1; `error` and `error_description` as in RFC 6750 §3. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly error: string;
  readonly error_description: string;
  /** Where the user can do what lacks. */
  readonly interaction_uri?: string;
}

/** A problem with its status and the headers that belong to it. RFC 9457 */
export interface ProblemAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Problem;
}

const TITLES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** The answer to the own caller for a failure further down. */
export function toProblem(error: Error): ProblemAnswer {
  if (error instanceof ExchangeRefused) return exchangeRefused(error);
  if (error instanceof DownstreamRefused) return downstreamRefused(error);
  if (error instanceof ExchangeUnavailable) return unavailable(error.reason !== 'malformed', error.retryAfter);
  if (error instanceof DownstreamUnavailable) {
    const passing = error.reason === 'resting' || error.status === 503 || error.status === 429;
    return unavailable(passing, error.retryAfter);
  }
  if (error instanceof UnexpectedAnswer) return unavailable(false);
  return answer(500, 'server_error', 'The request cannot be served');
}

function exchangeRefused({ about, stepUp, interaction, subjectExpired }: ExchangeRefused): ProblemAnswer {
  if (stepUp) return stepUpAnswer(stepUp);
  if (interaction) return interactionAnswer(interaction);
  if (about === 'subject-token' && !subjectExpired) return invalidToken('The token is no longer accepted');
  if (about !== 'set-up') return subjectExpired ? invalidToken('The token has expired') : forbidden();
  return answer(502, 'bad_gateway', 'A service that is needed for this request refused it');
}

function downstreamRefused({ status, stepUp }: DownstreamRefused): ProblemAnswer {
  if (stepUp) return stepUpAnswer(stepUp);
  if (status === 403) return forbidden();
  return answer(502, 'bad_gateway', 'A service that is needed for this request refused it');
}

// relayed outwards, to where the user is
function interactionAnswer({ uri }: InteractionNeeded): ProblemAnswer {
  const { headers, problem } = answer(403, 'interaction_required', 'The user has to do something first');
  return { headers, problem: { ...problem, interaction_uri: uri } };
}

function forbidden(): ProblemAnswer {
  return answer(403, 'access_denied', 'The request needs access that was not granted');
}

// RFC 6750 §3.1: the caller gets a fresh token or logs in, as if the guard had said it
function invalidToken(description: string): ProblemAnswer {
  const error = 'invalid_token';
  const challenge = formatChallenge('Bearer', { error, error_description: description });
  return answer(401, error, description, { 'WWW-Authenticate': challenge });
}

function unavailable(passing: boolean, retryAfter?: number): ProblemAnswer {
  const description = 'A service that is needed for this request is unavailable';
  const headers = { ...((passing || retryAfter) && { 'Retry-After': String(retryAfter ?? 1) }) };
  if (!passing) return answer(502, 'bad_gateway', description, headers);
  return answer(503, 'temporarily_unavailable', description, headers);
}

// RFC 9470 §3: what is needed is relayed outwards, to where the user is; the scopes of services further down mean nothing there
function stepUpAnswer({ acrValues, maxAge, claims }: StepUp): ProblemAnswer {
  const error = claims === undefined ? 'insufficient_user_authentication' : 'insufficient_claims';
  const description = 'A different authentication level is required';
  const challenge = formatChallenge('Bearer', {
    error,
    error_description: description,
    acr_values: acrValues,
    max_age: maxAge,
    claims: claims && Buffer.from(claims).toString('base64'),
  });
  return answer(401, error, description, { 'WWW-Authenticate': challenge });
}

function answer(
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): ProblemAnswer {
  const title = TITLES[status] ?? '';
  const common = { detail: description, error, error_description: description };
  return {
    headers: { ...headers, 'Cache-Control': 'no-store' },
    problem: { type: 'about:blank', title, status, ...common },
  };
}
