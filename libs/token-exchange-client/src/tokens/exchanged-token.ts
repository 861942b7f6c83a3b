import { MalformedClaim, parseActClaim } from '@onbehalf/oauth-protocol';
import { decodeJwt, type JWTPayload } from 'jose';

export type ExchangedTokenType = 'Bearer' | 'DPoP' | 'N_A';

export interface ExchangedTokenDetail {
  readonly token: string;
  readonly tokenType: ExchangedTokenType;
  readonly issuedTokenType?: string;
  readonly expiresIn?: number;
  readonly scopes?: readonly string[];
}

/**
 * A token that the authorization server issued (RFC 8693 §2.2.1). The token itself is behind a getter, so that neither
 * `console.log` nor `JSON.stringify` writes it.
 */
export class ExchangedToken {
  readonly tokenType: ExchangedTokenType;
  readonly issuedTokenType: string | undefined;
  /** Seconds from the moment of the answer; `undefined` when the server did not say. */
  readonly expiresIn: number | undefined;
  /** `undefined` when the server did not say, which means: as requested (RFC 8693 §2.2.1). */
  readonly scopes: readonly string[] | undefined;
  readonly #token: string;
  #actorDepth: number | undefined;

  constructor({ token, tokenType, issuedTokenType, expiresIn, scopes }: ExchangedTokenDetail) {
    this.#token = token;
    this.tokenType = tokenType;
    this.issuedTokenType = issuedTokenType;
    this.expiresIn = expiresIn;
    this.scopes = scopes;
  }

  /** The token, to be sent to the service that it is for; never to be logged. */
  get token(): string {
    return this.#token;
  }

  /** The claims, unverified, for display; `undefined` when the token is no JWT. */
  claims(): JWTPayload | undefined {
    try {
      return decodeJwt(this.#token);
    } catch {
      return undefined;
    }
  }

  /** How many actors the token names (RFC 8693 §4.1); `undefined` when that cannot be read. */
  get actorDepth(): number | undefined {
    return (this.#actorDepth ??= this.#countActors());
  }

  #countActors(): number | undefined {
    const claims = this.claims();
    if (claims === undefined) return undefined;
    try {
      return parseActClaim(claims['act']).length;
    } catch (error) {
      if (error instanceof MalformedClaim) return undefined;
      throw error;
    }
  }
}
