import { createHash, X509Certificate } from 'node:crypto';

/**
 * The certificate in the header that a proxy sets for the client: `:base64:` (RFC 9440 §2.1), or PEM with percent-encoding,
 * as nginx writes it; `undefined` when it is neither. Whether the header may be believed is the caller's to judge.
 */
export function readCertificateHeader(value: string): X509Certificate | undefined {
  const byteSequence = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value.trim());
  try {
    return new X509Certificate(byteSequence ? Buffer.from(byteSequence[1]!, 'base64') : decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

/** The SHA-256 thumbprint of a certificate in DER, `x5t#S256`. RFC 8705 §3.1. */
export function thumbprintOfCertificate(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url');
}
