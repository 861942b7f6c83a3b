import { TrustedProxies } from '@onbehalf/jwt-verification';
import { ConfigurationError, type Clock, httpUrl, noneUnset, onlyKnown } from '@onbehalf/oauth-protocol';
import { randomBytes } from 'node:crypto';
import { names, wholeNumber } from './accepted-values.js';
import { DpopNonces } from '../proof/dpop-nonces.js';
import { Dpop } from '../proof/dpop.js';
import { InMemoryReplayStore } from '../proof/replay-store.js';
import type { CertificateSource } from '../proof/client-certificate.js';
import type { ProofSettings } from '../proof/proof-of-possession.js';
import { DEFAULT_ALGORITHMS, type DpopOptions, type MtlsOptions } from './resource-server-options.js';
import { algorithms } from './trusted-issuers.js';

const DPOP_OPTIONS = Object.keys({
  baseUrl: true,
  required: true,
  algorithms: true,
  maxAge: true,
  replay: true,
  nonce: true,
} satisfies Record<keyof DpopOptions, true>);
const MTLS_OPTIONS = Object.keys({ certificate: true, required: true } satisfies Record<keyof MtlsOptions, true>);

/** Bytes of a nonce secret. */
const SECRET_BYTES = 32;

/** The proofs of possession that the options ask for. */
export function proofSettings(
  options: { readonly dpop?: DpopOptions; readonly mtls?: MtlsOptions },
  clock: Clock,
  clockTolerance: number,
): ProofSettings {
  const { dpop, mtls } = options;
  return {
    dpop: dpop === undefined ? undefined : dpopOf(dpop, clock, clockTolerance),
    certificates: mtls === undefined ? undefined : certificates(mtls),
    certificateRequired: mtls?.required ?? false,
  };
}

function dpopOf(options: DpopOptions, clock: Clock, clockTolerance: number): Dpop {
  onlyKnown('dpop.', options, DPOP_OPTIONS);
  noneUnset('dpop.', options, ['required', 'algorithms', 'nonce']);
  const settings = {
    baseUrls: [options.baseUrl].flat().map(baseUrl),
    algorithms: algorithms('dpop.algorithms', options.algorithms ?? DEFAULT_ALGORITHMS),
    required: options.required ?? false,
    maxAge: wholeNumber('dpop.maxAge', options.maxAge ?? 60, [1, 300]),
    replay: options.replay ?? new InMemoryReplayStore(clock),
    nonces: options.nonce ? new DpopNonces(secret(options.nonce), clock) : undefined,
  };
  if (settings.baseUrls.length === 0) throw new ConfigurationError('dpop.baseUrl', [], 'one URL or more');
  return new Dpop(settings, clock, clockTolerance);
}

function baseUrl(value: unknown): string {
  const url = httpUrl('dpop.baseUrl', value);
  if (/[?#]/.test(url)) throw new ConfigurationError('dpop.baseUrl', url, 'a URL without query and fragment');
  return url.replace(/\/$/, '');
}

function secret(nonce: Exclude<DpopOptions['nonce'], false | undefined>): Buffer {
  if (nonce === true) return randomBytes(SECRET_BYTES);
  const bytes = typeof nonce.secret === 'string' ? Buffer.from(nonce.secret, 'base64url') : Buffer.from(nonce.secret);
  if (bytes.length >= SECRET_BYTES) return bytes;
  throw new ConfigurationError('dpop.nonce.secret', `${bytes.length} bytes`, `${SECRET_BYTES} bytes or more`);
}

function certificates(options: MtlsOptions): CertificateSource {
  onlyKnown('mtls.', options, MTLS_OPTIONS);
  noneUnset('mtls.', options, ['required']);
  const { certificate } = options;
  if (certificate === 'socket') return { from: 'socket' };
  if (typeof certificate !== 'object' || certificate === null || !/^[A-Za-z0-9-]+$/.test(certificate.header)) {
    throw new ConfigurationError('mtls.certificate', certificate, "'socket', or { header, trustedProxies }");
  }
  return { from: 'header', header: certificate.header, proxies: proxies(certificate.trustedProxies) };
}

function proxies(addresses: unknown): TrustedProxies {
  const setting = 'mtls.certificate.trustedProxies';
  return new TrustedProxies(
    setting,
    names(setting, addresses, 'one IP address or network, such as 10.0.0.0/8, or more'),
  );
}
