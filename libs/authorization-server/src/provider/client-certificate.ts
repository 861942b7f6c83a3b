import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { readCertificateHeader } from '@onbehalf/jwt-verification';
import { OAuthError } from '@onbehalf/oauth-protocol';

/**
 * The certificate that the caller has proven to hold (RFC 8705 §2): the one of the TLS connection, or, where a trusted
 * proxy ends TLS, the one in the header that it sets (RFC 9440: base64 between colons; or URL-encoded PEM).
 * @param header the name of that header; absent: no header is believed
 * @throws OAuthError `invalid_request` when the header holds something else
 */
export function clientCertificate(request: IncomingMessage, header: string | undefined): X509Certificate | undefined {
  if (header !== undefined) return fromHeader(request.headers[header.toLowerCase()]);
  const { getPeerX509Certificate } = request.socket as Partial<TLSSocket>;
  return getPeerX509Certificate?.call(request.socket as TLSSocket);
}

function fromHeader(value: string | string[] | undefined): X509Certificate | undefined {
  if (value === undefined || value === '') return undefined;
  const certificate = typeof value === 'string' ? readCertificateHeader(value) : undefined;
  if (certificate) return certificate;
  throw new OAuthError('invalid_request', 'the client certificate cannot be read');
}
