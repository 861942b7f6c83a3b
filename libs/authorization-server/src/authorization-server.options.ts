import type { ServerConfig } from './configuration/schema/server-config.schema.js';
import type { FeatureSet } from './features/feature-set.js';
import type { SigningKeys } from './keys/signing-keys.js';
import type { ReadAgain } from './registrations/reload/configuration-reload.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import type { AccountsPort } from './ports/accounts.js';
import type { ClientsPort } from './ports/clients.js';
import type { LogLevels } from './ports/log-levels.js';
import type { LoginView } from './ports/login-view.js';
import type { ServerStorage } from './ports/server-storage.js';

/** What `AuthorizationServerModule` is built from. */
export interface AuthorizationServerOptions {
  /** The issuer identifier, and the address at which browsers reach the server. */
  readonly issuer: string;
  readonly config: ServerConfig;
  /** Reads `config` again, for {@link ConfigurationReload} and `POST /admin/reload`. Absent: only a restart changes it. */
  readonly readAgain?: () => ReadAgain | Promise<ReadAgain>;
  readonly keys: SigningKeys;
  /** What the server can do beside RFC 8693, OAuth 2.0 and OpenID Connect; `config` was read with their sections. Absent: nothing. */
  readonly features?: FeatureSet;
  /** Your users. Absent: those of `config` and of what is registered at run time. */
  readonly accounts?: AccountsPort;
  /** Your clients, beside those of `config`. Absent: those of `config` and of what is registered at run time. */
  readonly clients?: ClientsPort;
  /** The look of the login page. Absent: the server's own. */
  readonly loginView?: LoginView;
  /** Where everything is kept. */
  readonly storage: ServerStorage;
  /** Secrets that sign the cookies; the first signs, all verify. */
  readonly cookieKeys: readonly string[];
  /** 32 bytes from which the DPoP nonces are made, equal on all replicas. RFC 9449 §8 */
  readonly nonceSecret: Uint8Array;
  /** The header in which `trustedProxies` hand on client certificates (RFC 9440). Absent: none is believed. */
  readonly clientCertificateHeader?: string;
  /** Addresses or networks whose `X-Forwarded-For` and certificate header are believed. Absent: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** How much the application logs, for `/admin/log-level`. Absent: it cannot be changed there. */
  readonly logLevels?: LogLevels;
  /** What is counted and measured; given by whoever adds to it. */
  readonly metrics?: ServerMetrics;
}
