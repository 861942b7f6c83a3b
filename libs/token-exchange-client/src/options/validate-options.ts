import { CLIENT_AUTHENTICATION_METHODS } from '../client-authentication/client-authentication.js';
import { checkUrl } from './check-url.js';
import { InvalidOption, shown } from './invalid-option.js';
import type { TokenExchangeOptions } from './token-exchange-options.js';

/** The longest time that a refusal may be remembered. Seconds. */
export const MAX_NEGATIVE_LIFETIME = 5;

/**
 * Checks the module's options.
 * @throws InvalidOption at the first mistake
 */
export function validateOptions(options: TokenExchangeOptions): void {
  const { issuer, tokenEndpoint, allowInsecureHttp, timeout, cache } = options;
  if (issuer === undefined && tokenEndpoint === undefined) {
    throw new InvalidOption(
      'issuer',
      'missing',
      'the issuer identifier, or tokenEndpoint with the address of the endpoint',
    );
  }
  if (issuer !== undefined) checkUrl('issuer', issuer, allowInsecureHttp);
  if (tokenEndpoint !== undefined) checkUrl('tokenEndpoint', tokenEndpoint, allowInsecureHttp);
  checkClientAuthentication(options);
  checkNumber('timeout', timeout, 1, 60_000);
  checkNumber('cache.maxEntries', cache?.maxEntries, 0, 10_000_000);
  checkNumber('cache.maxBytes', cache?.maxBytes, 0, 2 ** 34);
  checkNumber('cache.expirySkew', cache?.expirySkew, 0, 3600);
  checkNumber('cache.maxAge', cache?.maxAge, 0, 31_536_000);
  checkNumber('cache.negativeLifetime', cache?.negativeLifetime, 0, MAX_NEGATIVE_LIFETIME);
}

function checkClientAuthentication({ clientAuthentication, issuer }: TokenExchangeOptions): void {
  const setting = 'clientAuthentication';
  const { method, clientId } = clientAuthentication ?? {};
  if (!CLIENT_AUTHENTICATION_METHODS.includes(method)) {
    throw new InvalidOption(`${setting}.method`, shown(method), CLIENT_AUTHENTICATION_METHODS.join(', '));
  }
  requireText(`${setting}.clientId`, clientId, 'the client id registered at the authorization server');
  if (clientAuthentication.method === 'client_secret_basic' || clientAuthentication.method === 'client_secret_post') {
    requireText(`${setting}.clientSecret`, clientAuthentication.clientSecret, 'the client secret');
  }
  if (clientAuthentication.method === 'private_key_jwt') {
    if (!clientAuthentication.key) {
      throw new InvalidOption(
        `${setting}.key`,
        'missing',
        'a PEM, a JWK, a CryptoKey or a sign function, with its algorithm',
      );
    }
    if (issuer === undefined && clientAuthentication.audience === undefined) {
      throw new InvalidOption(
        `${setting}.audience`,
        'missing',
        'the issuer identifier of the server, here or as issuer',
      );
    }
  }
  if (clientAuthentication.method === 'tls_client_auth') {
    requireText(`${setting}.certificate`, clientAuthentication.certificate, 'the certificate as PEM');
    requireText(`${setting}.privateKey`, clientAuthentication.privateKey, 'the private key as PEM');
  }
}

/** Requires a text that is not empty; never shows it, it may be a secret. */
export function requireText(setting: string, value: unknown, accepted: string): void {
  if (typeof value === 'string' && value.trim() !== '') return;
  throw new InvalidOption(setting, value === undefined ? 'missing' : 'empty or not a string', accepted);
}

/** Checks a number that may be left out. */
export function checkNumber(setting: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= min && value <= max)) return;
  throw new InvalidOption(setting, shown(value), `a number from ${min} to ${max}`);
}
