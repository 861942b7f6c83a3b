import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A self-signed certificate for 127.0.0.1 and its key, both PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';

/** A certificate authority whose certificates are trusted by whoever trusts its own. */
export interface TestAuthority {
  readonly certificate: string;
  /** A certificate for 127.0.0.1. */
  issue(commonName: string): TestCertificate;
}

/** Creates a certificate (RFC 5280) that is valid for an hour, for servers and clients of TLS tests. */
export function createTestCertificate(commonName: string): TestCertificate {
  const pair = generateKeyPair();
  return { certificate: certificate(commonName, pair.publicKey, loopback(), { commonName, ...pair }), ...pemOf(pair) };
}

/** Creates a certificate authority. RFC 5280 §4.2.1.9 */
export function createTestAuthority(commonName: string): TestAuthority {
  const own = { commonName, ...generateKeyPair() };
  const isAuthority = sequence(
    oid(BASIC_CONSTRAINTS),
    der(0x01, Buffer.from([0xff])),
    der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
  );
  return {
    certificate: certificate(commonName, own.publicKey, isAuthority, own),
    issue: (name) => {
      const pair = generateKeyPair();
      return { certificate: certificate(name, pair.publicKey, loopback(), own), ...pemOf(pair) };
    },
  };
}

interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
}

function generateKeyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pemOf({ privateKey }: { readonly privateKey: KeyObject }) {
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function certificate(commonName: string, publicKey: KeyObject, extension: Buffer, issuer: Issuer): string {
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, ...randomBytes(8)])),
    algorithm,
    nameOf(issuer.commonName),
    sequence(utcTime(-60), utcTime(3600)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', toBeSigned, issuer.privateKey);
  const lines = sequence(toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature))
    .toString('base64')
    .replace(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trim()}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(commonName)))));
}

function loopback(): Buffer {
  return sequence(oid(SUBJECT_ALT_NAME), der(0x04, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function utcTime(offset: number): Buffer {
  const iso = new Date(Date.now() + offset * 1000).toISOString();
  return der(0x17, Buffer.from(`${iso.slice(2, 19).replace(/\D/g, '')}Z`));
}
