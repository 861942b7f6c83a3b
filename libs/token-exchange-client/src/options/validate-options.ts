import { ConfigurationError, fetchedUrl, noneUnset, onlyKnown } from '@onbehalf/oauth-protocol';
import { checkNumber } from './accepted-values.js';
import { checkClientAuthentication, checkSigningKey } from './check-client-authentication.js';
import type { DpopOptions } from '../dpop/dpop-proofs.js';
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
  onlyKnown('TokenExchangeModule.', options, Object.keys(OPTIONS));
  // bearer tokens, one tenant and the RFC's own parameters are what leaving out means
  noneUnset('TokenExchangeModule.', options, ['dpop', 'tenant', 'preset']);
  const { issuer, tokenEndpoint, clientAuthentication, allowInsecureHttp, timeout, cache = {}, dpop } = options;
  onlyKnown('TokenExchangeModule.cache.', cache, Object.keys(CACHE_OPTIONS));
  if (issuer === undefined && tokenEndpoint === undefined) {
    const accepted = 'the issuer identifier, or tokenEndpoint with the address of the endpoint';
    throw new ConfigurationError('TokenExchangeModule.issuer', undefined, accepted);
  }
  if (issuer !== undefined) fetchedUrl('TokenExchangeModule.issuer', issuer, allowInsecureHttp);
  if (tokenEndpoint !== undefined) fetchedUrl('TokenExchangeModule.tokenEndpoint', tokenEndpoint, allowInsecureHttp);
  checkClientAuthentication(clientAuthentication, issuer);
  if (dpop !== undefined && dpop !== true) checkDpop(dpop);
  checkNumber('TokenExchangeModule.timeout', timeout, 1, 60_000);
  checkCache(cache);
}

function checkDpop(dpop: Exclude<DpopOptions, true>): void {
  onlyKnown('TokenExchangeModule.dpop.', dpop, ['key', 'publicJwk'] satisfies (keyof typeof dpop)[]);
  checkSigningKey('TokenExchangeModule.dpop.key', dpop.key);
  const accepted = 'the public half of the key, as a JWK';
  if (typeof dpop.publicJwk !== 'object')
    throw new ConfigurationError('TokenExchangeModule.dpop.publicJwk', undefined, accepted);
}

function checkCache({ maxEntries, maxBytes, expirySkew, maxAge, negativeLifetime }: CacheOptions): void {
  checkNumber('TokenExchangeModule.cache.maxEntries', maxEntries, 0, 10_000_000);
  checkNumber('TokenExchangeModule.cache.maxBytes', maxBytes, 0, 2 ** 34);
  checkNumber('TokenExchangeModule.cache.expirySkew', expirySkew, 0, 3600);
  checkNumber('TokenExchangeModule.cache.maxAge', maxAge, 0, 31_536_000);
  checkNumber('TokenExchangeModule.cache.negativeLifetime', negativeLifetime, 0, MAX_NEGATIVE_LIFETIME);
}
