import type { TokenFacts } from './token-facts.js';

declare const verified: unique symbol;

type Defaulted = 'scopes' | 'actors' | 'audienceOf' | 'authentication' | 'confirmation' | 'details';

/** A token whose verifier vouches for what it says. Only {@link verifiedToken} makes one. */
export type VerifiedToken = TokenFacts & Required<Pick<TokenFacts, Defaulted>> & { readonly [verified]: true };

/** Marks the facts that a verifier established. To be called by the verification stage, and by nothing else. */
export function verifiedToken(facts: TokenFacts): VerifiedToken {
  const {
    scopes = [],
    actors = [],
    audienceOf = 'resource',
    authentication = {},
    confirmation = {},
    details = {},
  } = facts;
  return { ...facts, scopes, actors, audienceOf, authentication, confirmation, details } as VerifiedToken;
}
