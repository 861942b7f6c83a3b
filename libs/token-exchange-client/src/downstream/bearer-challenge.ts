import { Buffer } from 'node:buffer';
import type { StepUp } from '../exchange/exchange-errors.js';
import { printable } from '../exchange/printable.js';

export interface BearerChallenge {
  readonly error?: string;
  readonly description?: string;
  readonly stepUp?: StepUp;
}

const SCHEME = /(?:^|,\s*)(?:bearer|dpop)(?=\s|,|$)/gi;
const PARAMETER = /([a-z0-9!#$%&'*+.^_`|~-]{1,64})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** Reads the Bearer or DPoP challenge of a `WWW-Authenticate` header. RFC 9110 §11.6.1, RFC 6750 §3, RFC 9470 §3. */
export function parseBearerChallenge(header: string | undefined): BearerChallenge {
  // an error code stands in one challenge only; the others are offers
  const challenges = splitChallenges(header?.slice(0, 8192) ?? '').map(readParameters);
  const parameters = challenges.find((challenge) => challenge.has('error')) ?? challenges[0];
  if (parameters === undefined) return {};
  const error = printable(parameters.get('error'));
  return {
    error,
    description: printable(parameters.get('error_description')),
    stepUp: error === undefined ? undefined : readStepUp(error, parameters),
  };
}

function splitChallenges(header: string): string[] {
  const starts = [...header.matchAll(SCHEME)].map((match) => match.index);
  return starts.map((start, index) => header.slice(start, starts[index + 1]));
}

function readParameters(challenge: string): Map<string, string> {
  const pairs = [...challenge.matchAll(PARAMETER)];
  return new Map(
    pairs.map(([, name, quoted, bare]) => [(name ?? '').toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '']),
  );
}

// RFC 9470 §3; insufficient_claims is Entra's
function readStepUp(error: string, parameters: Map<string, string>): StepUp | undefined {
  if (error !== 'insufficient_user_authentication' && error !== 'insufficient_claims') return undefined;
  const maxAge = parameters.get('max_age');
  const acrValues = parameters.get('acr_values');
  const scope = parameters.get('scope');
  const claims = parameters.get('claims');
  return {
    ...(acrValues && { acrValues }),
    ...(maxAge && /^\d{1,10}$/.test(maxAge) && { maxAge: Number(maxAge) }),
    ...(scope && { scope }),
    ...(error === 'insufficient_claims' && claims && { claims: Buffer.from(claims, 'base64').toString() }),
  };
}
