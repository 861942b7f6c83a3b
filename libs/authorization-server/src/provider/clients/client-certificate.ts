import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { readCertificateHeader, TrustedProxies } from '@onbehalf/jwt-verification';
import { ConfigurationError, OAuthError } from '@onbehalf/oauth-protocol';

/** The certificate that the caller of a request has proven to hold, if any. RFC 8705 §2 */
export type ClientCertificateReader = (request: IncomingMessage) => X509Certificate | undefined;

export interface ClientCertificateOptions {
  /** The header in which a proxy that ends TLS hands on certificates. Absent: those of TLS connections count. */
  readonly clientCertificateHeader?: string;
  /** Addresses or networks of the proxies that may send it. */
  readonly trustedProxies?: readonly string[];
}

/**
 * Reads certificates of the TLS connection, or, where proxies end TLS, of the header that they set (RFC 9440: base64
 * between colons; or URL-encoded PEM). From anyone else the header counts for nothing.
 * @throws ConfigurationError for a header without proxies; the reader an OAuthError `invalid_request` when a proxy sent
 *   something else
 */
export function clientCertificates(options: ClientCertificateOptions): ClientCertificateReader {
  const { clientCertificateHeader: header, trustedProxies = [] } = options;
  if (header === undefined) return ofConnection;
  if (trustedProxies.length === 0) {
    throw new ConfigurationError('clientCertificateHeader', header, 'a header only together with trustedProxies');
  }
  const proxies = new TrustedProxies('trustedProxies', trustedProxies);
  return ({ socket, headers }) =>
    proxies.includes(socket.remoteAddress) ? fromHeader(headers[header.toLowerCase()]) : undefined;
}

function ofConnection({ socket }: IncomingMessage): X509Certificate | undefined {
  return (socket as Partial<TLSSocket>).getPeerX509Certificate?.();
}

function fromHeader(value: string | string[] | undefined): X509Certificate | undefined {
  if (value === undefined || value === '') return undefined;
  const certificate = typeof value === 'string' ? readCertificateHeader(value) : undefined;
  if (certificate) return certificate;
  throw new OAuthError('invalid_request', 'the client certificate cannot be read');
}
