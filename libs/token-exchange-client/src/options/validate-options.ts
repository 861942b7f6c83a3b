import { ConfigurationError, fetchedUrl, onlyKnown } from '@onbehalf/oauth-protocol';
import { checkNumber } from './accepted-values.js';
import { checkClientAuthentication, checkSigningKey } from './check-client-authentication.js';
import type { CacheOptions } from '../cache/cache-options.js';
import type { TokenExchangeOptions } from './token-exchange-options.js';

/** The longest time that a refusal may be remembered. Seconds. */
export const MAX_NEGATIVE_LIFETIME = 5;

const OPTIONS = {
  issuer: true,
  tokenEndpoint: true,
  clientAuthentication: true,
  preset: true,
  dpop: true,
  cache: true,
  timeout: true,
  tenant: true,
  allowInsecureHttp: true,
  clocks: true,
} satisfies Record<keyof TokenExchangeOptions, true>;

const CACHE_OPTIONS = {
  maxEntries: true,
  maxBytes: true,
  expirySkew: true,
  maxAge: true,
  negativeLifetime: true,
  shared: true,
} satisfies Record<keyof CacheOptions, true>;

/**
 * Checks the module's options.
 * @throws ConfigurationError at the first mistake
 */
export function validateOptions(options: TokenExchangeOptions): void {
  const { issuer, tokenEndpoint, clientAuthentication, allowInsecureHttp, timeout, cache = {}, dpop } = options;
  onlyKnown('tokenExchange.', options, Object.keys(OPTIONS));
  onlyKnown('tokenExchange.cache.', cache, Object.keys(CACHE_OPTIONS));
  if (issuer === undefined && tokenEndpoint === undefined) {
    const accepted = 'the issuer identifier, or tokenEndpoint with the address of the endpoint';
    throw new ConfigurationError('tokenExchange.issuer', undefined, accepted);
  }
  if (issuer !== undefined) fetchedUrl('tokenExchange.issuer', issuer, allowInsecureHttp);
  if (tokenEndpoint !== undefined) fetchedUrl('tokenExchange.tokenEndpoint', tokenEndpoint, allowInsecureHttp);
  checkClientAuthentication(clientAuthentication, issuer);
  if (typeof dpop === 'object') checkSigningKey('tokenExchange.dpop.key', dpop.key);
  checkNumber('tokenExchange.timeout', timeout, 1, 60_000);
  checkCache(cache);
}

function checkCache({ maxEntries, maxBytes, expirySkew, maxAge, negativeLifetime }: CacheOptions): void {
  checkNumber('tokenExchange.cache.maxEntries', maxEntries, 0, 10_000_000);
  checkNumber('tokenExchange.cache.maxBytes', maxBytes, 0, 2 ** 34);
  checkNumber('tokenExchange.cache.expirySkew', expirySkew, 0, 3600);
  checkNumber('tokenExchange.cache.maxAge', maxAge, 0, 31_536_000);
  checkNumber('tokenExchange.cache.negativeLifetime', negativeLifetime, 0, MAX_NEGATIVE_LIFETIME);
}
