import type { GuardedRequest } from '../guarded-request.js';
import { createHash, X509Certificate } from 'node:crypto';
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
  return certificate && createHash('sha256').update(certificate).digest('base64url');
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
  return typeof value === 'string' ? decodeCertificate(value) : undefined;
}

/** DER of a certificate as `:base64:` (RFC 9440 §2.1) or as PEM with percent-encoding, as nginx writes it. */
function decodeCertificate(value: string): Buffer | undefined {
  const byteSequence = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value.trim());
  try {
    return new X509Certificate(byteSequence ? Buffer.from(byteSequence[1]!, 'base64') : decodeURIComponent(value)).raw;
  } catch {
    return undefined;
  }
}
