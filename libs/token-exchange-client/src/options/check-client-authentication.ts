import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { SIGNING_ALGORITHMS } from '@onbehalf/jwt-verification';
import { ConfigurationError, readAssertion } from '@onbehalf/oauth-protocol';
import {
  CLIENT_AUTHENTICATION_METHODS,
  type ClientAuthentication,
  type TlsClientAuthentication,
  type WorkloadAuthentication,
} from '../client-authentication/client-authentication.js';
import type { SigningKey } from '../client-authentication/signing-key.js';
import { checkSecret, requireText } from './accepted-values.js';

const OWN = 'TokenExchangeModule.clientAuthentication';

/**
 * Checks how the client authenticates; keys and certificates are read once, so that a bad one stops the start.
 * @param setting where it stands
 * @throws ConfigurationError at the first mistake
 */
export function checkClientAuthentication(
  authentication: ClientAuthentication,
  issuer: string | undefined,
  setting = OWN,
): void {
  const { method, clientId } = authentication ?? {};
  if (!CLIENT_AUTHENTICATION_METHODS.includes(method)) {
    throw new ConfigurationError(`${setting}.method`, method, CLIENT_AUTHENTICATION_METHODS.join(', '));
  }
  requireText(`${setting}.clientId`, clientId, 'the client id registered at the authorization server');
  if (authentication.method === 'client_secret_basic' || authentication.method === 'client_secret_post') {
    requireText(`${setting}.clientSecret`, authentication.clientSecret, 'the client secret');
  }
  if (authentication.method === 'private_key_jwt' && 'assertionFile' in authentication) {
    checkAssertionFile(setting, authentication);
  } else if (authentication.method === 'private_key_jwt') {
    checkSigningKey(`${setting}.key`, authentication.key);
    const accepted = 'the issuer identifier of the server, here or as issuer';
    requireText(`${setting}.audience`, authentication.audience ?? issuer, accepted);
  }
  if (authentication.method === 'tls_client_auth') checkCertificate(setting, authentication);
}

/** @throws ConfigurationError when there is no key, its algorithm is not known, or it cannot be read */
export function checkSigningKey(setting: string, key: SigningKey | undefined): void {
  const forms = 'a PEM (PKCS#8), a JWK, a CryptoKey or a sign function, with its algorithm';
  if (key === undefined) throw new ConfigurationError(setting, undefined, forms);
  if (!SIGNING_ALGORITHMS.includes(key.algorithm)) {
    throw new ConfigurationError(`${setting}.algorithm`, key.algorithm, SIGNING_ALGORITHMS.join(', '));
  }
  if ('sign' in key || 'cryptoKey' in key) return;
  const privateKey = 'pem' in key ? key.pem : { key: key.jwk as JsonWebKey, format: 'jwk' as const };
  checkSecret(setting, () => createPrivateKey(privateKey), forms);
}

function checkAssertionFile(setting: string, { assertionFile, ...others }: WorkloadAuthentication): void {
  if ('key' in others) throw new ConfigurationError(`${setting}.key`, '(hidden)', 'either key or assertionFile');
  const accepted = 'the path of a file that holds a JWT';
  requireText(`${setting}.assertionFile`, assertionFile, accepted);
  try {
    readAssertion(assertionFile);
  } catch {
    throw new ConfigurationError(`${setting}.assertionFile`, assertionFile, accepted);
  }
}

function checkCertificate(setting: string, { certificate, privateKey, passphrase, ca }: TlsClientAuthentication): void {
  requireText(`${setting}.certificate`, certificate, 'the certificate as PEM');
  requireText(`${setting}.privateKey`, privateKey, 'the private key as PEM');
  const check = (): unknown => createSecureContext({ cert: certificate, key: privateKey, passphrase, ca });
  checkSecret(`${setting}.privateKey`, check, 'a PEM that belongs to the certificate, with its passphrase');
}
