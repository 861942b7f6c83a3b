import type { CacheOptions } from '../cache/cache-options.js';
import type { Clocks } from '../cache/expiry.js';
import type { ClientAuthentication } from '../client-authentication/client-authentication.js';
import type { DpopOptions } from '../dpop/dpop-proofs.js';
import type { Preset } from '../presets/preset.js';

/** Which authorization server is asked, and how this service proves itself there. `timeout` is in milliseconds, all else in seconds. */
export interface TokenExchangeOptions {
  /** The authorization server's issuer identifier; its metadata names the token endpoint. */
  readonly issuer?: string | undefined;
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
