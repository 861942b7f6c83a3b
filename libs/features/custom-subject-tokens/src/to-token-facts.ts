import { TokenRejection } from '@onbehalf/jwt-verification';
import type { Actor } from '@onbehalf/oauth-protocol';
import type { ExchangePolicy, TokenFacts } from '@onbehalf/token-exchange';
import type { TypeSettings } from './custom-subject-tokens.schema.js';
import type { CheckedStatement } from './profile/check-outcome.js';

/** What the configuration says of a type and of the client that presents its token. */
export interface Accepted {
  readonly settings: TypeSettings;
  readonly subjectAudience: string;
}

/**
 * What a profile has stated, in the words of the engine: audience and namespaces are those of the configuration, and whether the
 * account is there and enabled is judged as for any token.
 * @throws TokenRejection for parties that the profile may not name
 */
export function toTokenFacts(
  { account, foreign, actors, ...statement }: CheckedStatement,
  { settings, subjectAudience }: Accepted,
  policy: ExchangePolicy,
): TokenFacts {
  const { type, namespaces } = settings;
  if (foreign && !namespaces.includes(foreign.iss)) {
    throw new TokenRejection('issuer', 'The subject_token speaks of a namespace that its type does not have');
  }
  for (const actor of actors) checkActor(actor, settings, policy);
  const { expiresAt, issuedAt, scopes = [], authTime, acr, amr } = statement;
  return {
    // of an account the type itself tells, which edges name among their subjectTypes
    ...(foreign
      ? { issuer: foreign.iss, subject: `${foreign.iss}#${foreign.sub}`, foreign }
      : { issuer: type, subject: account! }),
    audiences: [subjectAudience],
    expiresAt,
    ...(issuedAt !== undefined && { issuedAt }),
    scopes: [...new Set(scopes)],
    actors,
    authentication: {
      ...(authTime !== undefined && { auth_time: Math.floor(authTime) }),
      ...(acr !== undefined && { acr }),
      ...(amr !== undefined && { amr }),
    },
    details: { customTokenType: type },
  };
}

// RFC 8693 §4.1: an actor of another issuer is identified by both
function checkActor({ sub, iss }: Actor, { namespaces }: TypeSettings, policy: ExchangePolicy): void {
  if (iss === undefined ? policy.client(sub) !== undefined : namespaces.includes(iss)) return;
  throw new TokenRejection('claim', 'The subject_token names an actor that is not known here');
}
