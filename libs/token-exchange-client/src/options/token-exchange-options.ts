import type { SharedCacheOptions } from '../cache/shared-cache.js';
import type { Clocks } from '../cache/expiry.js';
import type { ClientAuthentication } from '../client-authentication/client-authentication.js';
import type { DpopOptions } from '../dpop/dpop-proofs.js';
import type { Preset } from '../presets/preset.js';

export interface CacheOptions {
  /** Default 10,000. */
  readonly maxEntries?: number;
  /** Default 32 MB. */
  readonly maxBytes?: number;
  /** Seconds before its end at which a token is no longer handed out. Default 10. */
  readonly expirySkew?: number;
  /** Seconds that a token is reused at most, however long it lives: how late a revocation may take effect here. */
  readonly maxAge?: number;
  /** Seconds that a refusal is remembered, at most 5. Default 5. */
  readonly negativeLifetime?: number;
  /** A cache that the replicas share, behind the one in memory. */
  readonly shared?: SharedCacheOptions;
}

export interface TokenExchangeOptions {
  /** The authorization server's issuer identifier; its metadata names the token endpoint. */
  readonly issuer?: string;
  /** The token endpoint, when it is not to be discovered. */
  readonly tokenEndpoint?: string;
  readonly clientAuthentication: ClientAuthentication;
  /** How the server wants to be asked. Default: RFC 8693 to the letter. */
  readonly preset?: Preset;
  /** Binds tokens to a key of this service and proves it at every call. RFC 9449. */
  readonly dpop?: DpopOptions;
  readonly cache?: CacheOptions;
  /** Milliseconds that an exchange may take. Default 2000. */
  readonly timeout?: number;
  /** The tenant of the current call; answers of one tenant are never handed to another. */
  readonly tenant?: () => string | undefined;
  /** Allows `http:` beyond the own machine, for networks that are protected otherwise. RFC 6750 §5.3 wants TLS. */
  readonly allowInsecureHttp?: boolean;
  /** For tests. */
  readonly clocks?: Clocks;
}
