import type {
  ConsentStore,
  IssuedTokens,
  RateLimitStore,
  RegistrationStore,
  ReplayDetection,
  Tables,
} from '@onbehalf/authorization-ports';
import type { AdapterConstructor, AdapterFactory } from 'oidc-provider';
import type { ServerAuditTrail } from '../audit/audit-event.js';

/**
 * Where the server keeps everything, one for all replicas. `AuthorizationStore` of `@onbehalf/authorization-store` is one, on SQLite and
 * PostgreSQL. What cannot be reached for now throws an error with `retryAfter` (seconds), which is answered with 503.
 */
export interface ServerStorage {
  /** Gives access to the tables that features declare. */
  readonly table: Tables;
  /** Where everything is recorded, and what operators read. */
  readonly trail: ServerAuditTrail;
  readonly tokens: IssuedTokens;
  /** What is registered at run time, in place of entries of the file or beside them. */
  readonly registrations: RegistrationStore;
  readonly replay: ReplayDetection;
  /** What is counted for the limits of login and token endpoint, by all replicas together. */
  readonly rateLimits: RateLimitStore;
  /** What users let clients do. Absent: in memory, forgotten at the end of the process. */
  readonly consents?: ConsentStore;
  /** Where sessions, codes and refresh tokens live. Absent: in memory, lost at the end of the process. */
  readonly providerAdapter?: AdapterFactory | AdapterConstructor;
}
