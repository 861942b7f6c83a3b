import type { SigningAlgorithm, TrustedIssuer } from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { JSONWebKeySet } from 'jose';
import type { RequestFinder } from './guarded-request.js';

/** An authorization server whose tokens are accepted. */
export interface IssuerOptions {
  /** Compared character by character with `iss`. */
  readonly issuer: string;
  /** Where its keys are; absent: found by discovery. */
  readonly jwksUri?: string;
  /** Its keys, given instead of fetched. */
  readonly jwks?: JSONWebKeySet;
  /** The only signature algorithms it may use. Default {@link DEFAULT_ALGORITHMS}. */
  readonly algorithms?: readonly SigningAlgorithm[];
}

/** How a service guards its routes. One of `issuer` and `issuers` is required, and so is `audience`. */
export interface ResourceServerOptions extends Partial<IssuerOptions> {
  /** Several authorization servers, instead of one. */
  readonly issuers?: readonly (IssuerOptions | TrustedIssuer)[];
  /** Who this service is. A token is accepted when its `aud` holds one of these, compared exactly. Cannot be switched off. */
  readonly audience: string | readonly string[];
  /** Guard every route that is not `@Public()`. Default false: `@UseGuards(AccessTokenGuard)` where it is wanted. */
  readonly global?: boolean;
  /** Scopes that every guarded route demands, beside its own. */
  readonly scopes?: readonly string[];
  /** Who may act for a subject, on every guarded route; a token without `act` is not touched by this. */
  readonly actors?: readonly string[];
  /** Seconds that clocks may differ, at most 30, which is the default. */
  readonly clockTolerance?: number;
  /** Finds the request in execution contexts of other transports. */
  readonly request?: RequestFinder;
  readonly clock?: Clock;
}

/** Asymmetric algorithms that authorization servers sign with today. RFC 9068 §2.1 asks for RS256. */
export const DEFAULT_ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
