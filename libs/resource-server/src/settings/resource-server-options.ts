import type { Type } from '@nestjs/common';
import type {
  AccessTokenProfile,
  AccessTokenProfileName,
  SigningAlgorithm,
  TrustedIssuer,
  VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { JSONWebKeySet } from 'jose';
import type { ReplayStore } from '../proof/replay-store.js';
import type { GuardedRequest, RequestFinder } from '../request/guarded-request.js';
import type { ProtectedResourceOptions } from './protected-resource.js';
import type { RoleClaim } from '../requirements/roles.js';
import type { ClientKey, ClientWorkload } from '../revocation/client-assertion.js';
import type { ClientCredentials, OnOutage } from '../revocation/revocation-check.js';

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
  /** The shape of its access tokens: RFC 9068 by default, or that of a product, or your own. */
  readonly profile?: AccessTokenProfileName | AccessTokenProfile;
  /**
   * Where its tokens hold the roles that `@Roles()` demands: a claim such as `groups`, members of it after dots, such as
   * `realm_access.roles`, or a list of them; a name that holds dots itself is given as a list within the list. Default: where
   * the profile has them.
   */
  readonly roles?: RoleClaim | readonly RoleClaim[];
  /**
   * Whether its verified token is accepted for this very request, for example at the host of its realm only. Default: always.
   * What it throws fails the request.
   */
  readonly accepts?: AcceptsToken;
}

/** Ties the tokens of an issuer to requests. */
export type AcceptsToken = (token: VerifiedAccessToken, request: GuardedRequest) => boolean | Promise<boolean>;

/** DPoP, RFC 9449. */
export interface DpopOptions {
  /**
   * What clients see in place of this server's root: scheme, host, port, and the path that a proxy takes away. Never read
   * from the request, because the `Host` header is the caller's choice.
   */
  readonly baseUrl: string | readonly string[];
  /** Refuse tokens that are not bound. Default false. */
  readonly required?: boolean;
  /** Signature algorithms of proofs. Default {@link DEFAULT_ALGORITHMS}. */
  readonly algorithms?: readonly SigningAlgorithm[];
  /** Seconds that a proof may be old, 1 to 300. Default 60. */
  readonly maxAge?: number;
  /** Where used proofs are remembered. Default: in this process, which is not enough for several replicas. */
  readonly replay?: ReplayStore;
  /** Demand a nonce in proofs; replicas share the secret of 32 bytes or more (base64url or bytes). Default false. */
  readonly nonce?: boolean | { readonly secret: string | Uint8Array };
}

/** Certificate-bound tokens, RFC 8705. */
export interface MtlsOptions {
  /** Whether TLS ends in this process, or at a proxy that passes the certificate on. */
  readonly certificate: 'socket' | { readonly header: string; readonly trustedProxies: readonly string[] };
  /** Refuse tokens that are not bound. Default false. */
  readonly required?: boolean;
}

/** Token introspection, RFC 7662: revocation takes effect after `cacheFor` seconds. */
export interface IntrospectionOptions {
  /** Whose tokens the endpoint knows; required where there are several issuers. */
  readonly issuer?: string;
  readonly endpoint: string;
  readonly client: ClientCredentials;
  /** Seconds that an answer is kept, 0 to 60. Default 5. */
  readonly cacheFor?: number;
  /** Answers that are kept. Default 10,000. */
  readonly maxEntries?: number;
  /** Milliseconds for one answer. Default 2000. */
  readonly timeout?: number;
  /** What happens to requests while the endpoint is out. Default `refuse`, with 503. */
  readonly onOutage?: OnOutage;
}

/** A list of revoked tokens that is polled. */
export interface RevocationFeedOptions {
  readonly url: string;
  /** The issuer of entries that name none. Default: the first issuer. */
  readonly issuer?: string;
  /** Credentials for the feed: a secret, a key for `private_key_jwt`, or a file with the token of its platform. */
  readonly client?: ClientCredentials | ClientKey | ClientWorkload;
  /** Seconds between two polls, 1 to 60. Default 2. */
  readonly interval?: number;
  /** Seconds without a successful poll after which the feed counts as out. Default 30. */
  readonly maxAge?: number;
  /** Milliseconds for one poll. Default 2000. */
  readonly timeout?: number;
  /** Claim with the `jti` of the token that this one descends from, for servers that list roots only. */
  readonly rootClaim?: string;
  /** What happens to requests while the feed is out. Default `refuse`, with 503. */
  readonly onOutage?: OnOutage;
}

/** Remember which tokens were verified. */
export interface CacheOptions {
  /** Tokens that are kept. Default 10,000. */
  readonly maxEntries?: number;
  /** Seconds that a verification counts, 1 to 300. Default 60. */
  readonly maxAge?: number;
}

/** How a service guards its routes. One of `issuer` and `issuers` is required, and so is `audience`. */
export interface ResourceServerOptions extends Omit<Partial<IssuerOptions>, 'issuer'> {
  /** The one authorization server whose tokens are accepted; compared character by character with `iss`. */
  readonly issuer?: string | undefined;
  /** Several authorization servers, instead of one. */
  readonly issuers?: readonly (IssuerOptions | (TrustedIssuer & Pick<IssuerOptions, 'accepts'>))[];
  /** Who this service is. A token is accepted when its `aud` holds one of these, compared exactly. Cannot be switched off. */
  readonly audience: string | readonly string[];
  /** Guard every route that is not `@Public()`. Default false: `@UseGuards(AccessTokenGuard)` where it is wanted. */
  readonly global?: boolean;
  /** Scopes that every guarded route demands, beside its own. */
  readonly scopes?: readonly string[];
  /** Who may act for a subject, on every guarded route; tokens without `act` are not affected. */
  readonly actors?: readonly string[];
  /** Refuse, on every guarded route, tokens by which an administrator uses an account, as `@NotImpersonated()` does. Default false. */
  readonly notImpersonated?: boolean;
  /** Refuse, on every guarded route, tokens behind which an AI agent stands, as `@NoAgents()` does. Default false. */
  readonly noAgents?: boolean;
  /** Seconds that clocks may differ, at most 30, which is the default. */
  readonly clockTolerance?: number;
  /** Serve protected resource metadata and name it in every challenge. RFC 9728. */
  readonly resource?: ProtectedResourceOptions;
  readonly dpop?: DpopOptions;
  readonly mtls?: MtlsOptions;
  /** Of one issuer, or a list with one for each. */
  readonly introspection?: IntrospectionOptions | readonly IntrospectionOptions[];
  readonly revocationFeed?: RevocationFeedOptions;
  /** Asked about every token that verifies, beside the two above: whether this service has reasons of its own to refuse it. */
  readonly isRevoked?: (token: VerifiedAccessToken) => Promise<boolean>;
  /** Fetch keys and revocations over plain HTTP beyond this machine, in networks that are protected otherwise. Default false. */
  readonly allowInsecureHttp?: boolean;
  /** Remember which tokens were verified. Default false. */
  readonly cache?: boolean | CacheOptions;
  /**
   * Classes whose handlers another library calls past Nest's guards, such as tools of an MCP server. Their demands are judged when
   * a method of the instance is called, by the access token of the current request.
   */
  readonly externalHandlers?: readonly Type[];
  /** Finds the request in execution contexts of other transports. */
  readonly request?: RequestFinder;
  readonly clock?: Clock;
}

/** Asymmetric algorithms that authorization servers sign with today. RFC 9068 §2.1 asks for RS256. */
export const DEFAULT_ALGORITHMS: readonly SigningAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
