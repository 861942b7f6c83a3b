import type {
  ConsentStore,
  IssuedTokens,
  RateLimitStore,
  RegistrationStore,
  ReplayDetection,
  Tables,
} from '@onbehalf/authorization-ports';
import type { AdapterConstructor, AdapterFactory } from 'oidc-provider';
import type { ServerAuditTrail } from './audit/audit-event.js';
import type { ServerConfig } from './configuration/schema/server-config.schema.js';
import type { FeatureSet } from './features/feature-set.js';
import type { SigningKeys } from './keys/signing-keys.js';
import type { ServerMetrics } from './metrics/server-metrics.js';

export interface AuthorizationServerOptions {
  /** The issuer identifier, and the address at which browsers reach the server. */
  readonly issuer: string;
  readonly config: ServerConfig;
  readonly keys: SigningKeys;
  /** What the server can do beside RFC 8693, OAuth 2.0 and OpenID Connect; `config` was read with their sections. Absent: nothing. */
  readonly features?: FeatureSet;
  /** Gives access to the tables that features declare. */
  readonly tables: Tables;
  /** Where everything is recorded, and what operators read. */
  readonly auditTrail: ServerAuditTrail;
  readonly tokens: IssuedTokens;
  /** What is registered at run time, in place of entries of `config` or beside them. */
  readonly registrations: RegistrationStore;
  readonly replay: ReplayDetection;
  /** What users let clients do. Absent: in memory, forgotten at the end of the process. */
  readonly consents?: ConsentStore;
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
