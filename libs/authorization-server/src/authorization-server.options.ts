import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import type { ForeignIssuer, Rule, TokenIssuer, TokenSigner, TokenVerifier } from '@onbehalf/token-exchange';
import type { AdapterConstructor, AdapterFactory } from 'oidc-provider';
import type { AuditTrail } from './audit/audit-trail.js';
import type { ServerConfig } from './configuration/server-config.schema.js';
import type { ExchangeRecords } from './exchange/exchange-records.js';
import type { SigningKeys } from './keys/signing-keys.js';
import type { IssuedTokens } from './provider/issued-tokens.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import type { RateLimitStore } from './rate-limits/rate-limit-store.js';
import type { TokenRevocation } from './registrations/registration-changes.js';
import type { RegistrationStore } from './registrations/registration-store.js';
import type { ReplayDetection } from './provider/provider-seam.js';

/** What the registration of verifiers, rules and issuers can build on. */
export interface ExchangeParts {
  /** This server, as the issuer of its own tokens. */
  readonly own: TrustedIssuer;
  readonly foreignIssuers: readonly ForeignIssuer[];
  readonly signer: TokenSigner;
  readonly randomId: () => string;
}

/** Everything that a token exchange is made of beside the engine and its rules. */
export interface ExchangeRegistration {
  readonly verifiers: readonly TokenVerifier[];
  readonly issuers: readonly TokenIssuer[];
  /** Judge after the engine's own, in this order. */
  readonly additionalRules?: readonly Rule[];
}

export interface AuthorizationServerOptions {
  /** The issuer identifier, and the address at which browsers reach the server. */
  readonly issuer: string;
  readonly config: ServerConfig;
  readonly keys: SigningKeys;
  readonly exchange: (parts: ExchangeParts) => ExchangeRegistration;
  readonly audit: ExchangeRecords;
  /** What operators read, and where their own changes are recorded. */
  readonly auditTrail: AuditTrail;
  readonly tokens: IssuedTokens & TokenRevocation;
  /** What is registered at run time, in place of entries of `config` or beside them. */
  readonly registrations: RegistrationStore;
  readonly replay: ReplayDetection;
  /** Where sessions, codes and refresh tokens live. Absent: in memory, lost at the end of the process. */
  readonly adapter?: AdapterFactory | AdapterConstructor;
  /** Secrets that sign the cookies; the first signs, all verify. */
  readonly cookieKeys: readonly string[];
  /** 32 bytes from which the DPoP nonces are made, equal on all replicas. RFC 9449 §8 */
  readonly nonceSecret: Uint8Array;
  /** The header in which `trustedProxies` hand on client certificates (RFC 9440). Absent: none is believed. */
  readonly clientCertificateHeader?: string;
  /** What is counted for the limits of login and token endpoint, by all replicas together. */
  readonly rateLimits: RateLimitStore;
  /** Addresses or networks whose `X-Forwarded-For` and certificate header are believed. Absent: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** What is counted and measured; given by whoever adds to it. */
  readonly metrics?: ServerMetrics;
}
