import { Buffer } from 'node:buffer';
import { parseChallenge } from '@onbehalf/oauth-protocol';
import type { StepUp } from '../tokens/exchange-errors.js';
import { printable } from '../tokens/printable.js';

export interface BearerChallenge {
  readonly error?: string;
  readonly description?: string;
  readonly stepUp?: StepUp;
}

/** Reads the Bearer or DPoP challenge of a `WWW-Authenticate` header. RFC 9110 §11.6.1, RFC 6750 §3, RFC 9470 §3. */
export function parseBearerChallenge(header: string | undefined): BearerChallenge {
  const parameters = parseChallenge(header);
  if (parameters === undefined) return {};
  const error = printable(parameters.get('error'));
  return {
    error,
    description: printable(parameters.get('error_description')),
    stepUp: error === undefined ? undefined : readStepUp(error, parameters),
  };
}

// RFC 9470 §3; insufficient_claims is Entra's
function readStepUp(error: string, parameters: ReadonlyMap<string, string>): StepUp | undefined {
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
