import type { FeatureParts } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts, TokenVerifier, VerificationContext } from '@onbehalf/token-exchange';

/** Characters that a refresh token of this server has at most. */
const LONGEST = 256;

/** Refresh tokens of this server as subject tokens of their client: checked as their grant checks them, and not used up. RFC 6749 §6 */
export class RefreshTokenVerifier implements TokenVerifier {
  readonly types = [TokenType.RefreshToken];
  readonly #parts: Pick<FeatureParts<unknown>, 'refreshTokens' | 'own'>;

  constructor(parts: Pick<FeatureParts<unknown>, 'refreshTokens' | 'own'>) {
    this.#parts = parts;
  }

  async verify(token: string, { client, parameter }: VerificationContext): Promise<TokenFacts> {
    if (parameter === 'actor_token') throw new TokenRejection('type', 'A refresh token names no actor');
    const held = token.length <= LONGEST ? await this.#parts.refreshTokens.find(token) : undefined;
    if (held?.clientId !== client.clientId) {
      throw new TokenRejection('claim', 'The refresh token is unknown, was used, or has ended');
    }
    const { subject, expiresAt, issuedAt, confirmation, authTime, acr, amr } = held;
    return {
      issuer: this.#parts.own.issuer,
      subject,
      audiences: [client.clientId],
      audienceOf: 'client',
      expiresAt,
      issuedAt,
      confirmation,
      authentication: {
        ...(authTime !== undefined && { auth_time: authTime }),
        ...(acr !== undefined && { acr }),
        ...(amr !== undefined && { amr }),
      },
    };
  }
}
