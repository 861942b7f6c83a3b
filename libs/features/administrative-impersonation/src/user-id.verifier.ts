import { TokenRejection } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import {
  LONGEST_IMPERSONATION,
  type TokenFacts,
  type TokenVerifier,
  type VerificationContext,
} from '@onbehalf/token-exchange';

/** Characters of an id. */
const LONGEST_ID = 255;

export interface UserIdVerifierOptions {
  /** The authorization server's own issuer identifier. */
  readonly issuer: string;
  /** A fresh identifier for each impersonation, not to be guessed. */
  readonly randomId: () => string;
}

/** Ids of users as subject tokens. They prove nothing, and say so: only administrative edges take them. */
export class UserIdVerifier implements TokenVerifier {
  readonly types = [TokenType.UserId];
  readonly #options: UserIdVerifierOptions;

  constructor(options: UserIdVerifierOptions) {
    this.#options = options;
  }

  verify(subject: string, { parameter, at }: VerificationContext): Promise<TokenFacts> {
    if (parameter === 'actor_token') throw new TokenRejection('type', 'A user id proves nobody to be here');
    if (subject.length > LONGEST_ID || /\p{C}/u.test(subject))
      throw new TokenRejection('malformed', 'It is no user id');
    const { issuer, randomId } = this.#options;
    const named = { id: randomId() };
    return Promise.resolve({ issuer, subject, audiences: [], expiresAt: at + LONGEST_IMPERSONATION, named });
  }
}
