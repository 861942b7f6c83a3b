import { readCertificateHeader, thumbprintOfCertificate } from '@onbehalf/jwt-verification';
import type { GuardedRequest } from '../guarded-request.js';
import { isIPv6, type BlockList } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Where the client's certificate comes from. RFC 8705 §3. */
export type CertificateSource =
  { readonly from: 'socket' } | { readonly from: 'header'; readonly header: string; readonly proxies: BlockList };

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
  const address = socketOf(request)?.remoteAddress;
  // anyone can send the header; only the connection tells who did
  if (address === undefined || !proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return undefined;
  const value = request.headers[header.toLowerCase()];
  return typeof value === 'string' ? readCertificateHeader(value)?.raw : undefined;
}
