import { readCertificateHeader, thumbprintOfCertificate, type TrustedProxies } from '@onbehalf/jwt-verification';
import type { GuardedRequest } from '../request/guarded-request.js';
import type { TLSSocket } from 'node:tls';

/** Where the client's certificate comes from. RFC 8705 §3. */
export type CertificateSource =
  { readonly from: 'socket' } | { readonly from: 'header'; readonly header: string; readonly proxies: TrustedProxies };

/**
 * The SHA-256 thumbprint of the client's certificate, `x5t#S256` (RFC 8705 §3.1); `undefined` when the client presented
 * none, or a header that claims one does not come from a trusted proxy.
 */
export function certificateThumbprint(request: GuardedRequest, source: CertificateSource): string | undefined {
  const certificate = source.from === 'socket' ? ofSocket(request) : ofHeader(request, source);
  return certificate && thumbprintOfCertificate(certificate);
}

function socketOf(request: GuardedRequest): GuardedRequest['socket'] {
  return request.socket ?? request.raw?.socket;
}

function ofSocket(request: GuardedRequest): Buffer | undefined {
  const socket = socketOf(request) as Partial<TLSSocket> | undefined;
  return socket?.getPeerCertificate?.()?.raw;
}

function ofHeader(
  request: GuardedRequest,
  { header, proxies }: Extract<CertificateSource, { from: 'header' }>,
): Buffer | undefined {
  if (!proxies.includes(socketOf(request)?.remoteAddress)) return undefined;
  const value = request.headers[header.toLowerCase()];
  return typeof value === 'string' ? readCertificateHeader(value)?.raw : undefined;
}
