import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createTestCertificate } from '@onbehalf/testing-internal';
import { clientCertificates } from './client-certificate.js';

const { raw, fingerprint256 } = new X509Certificate(createTestCertificate('client').certificate);
const CERTIFICATE = `:${raw.toString('base64')}:`;
const options = { clientCertificateHeader: 'Client-Cert', trustedProxies: ['10.0.0.0/8'] };

const request = (remoteAddress: string | undefined, headers: Record<string, string>): IncomingMessage =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

describe('RFC 9440 §2: the header of a proxy', () => {
  const read = clientCertificates(options);

  it.each(['10.1.2.3', '::ffff:10.1.2.3'])('is believed from a trusted proxy (%s)', (address) => {
    expect(read(request(address, { 'client-cert': CERTIFICATE }))?.fingerprint256).toBe(fingerprint256);
  });

  it.each(['192.0.2.1', '::1', undefined])('counts for nothing from anyone else (%s)', (address) => {
    const headers = { 'client-cert': CERTIFICATE, 'x-forwarded-for': '10.1.2.3' };
    expect(read(request(address, headers))).toBeUndefined();
    expect(read(request(address, { 'client-cert': 'broken' }))).toBeUndefined();
  });

  it('is not needed, and must be a certificate where it is there', () => {
    expect(read(request('10.1.2.3', {}))).toBeUndefined();
    expect(() => read(request('10.1.2.3', { 'client-cert': 'broken' }))).toThrow(
      'the client certificate cannot be read',
    );
  });

  it('is not believed from anyone where none is named', () => {
    expect(clientCertificates({})(request('10.1.2.3', { 'client-cert': CERTIFICATE }))).toBeUndefined();
    expect(() => clientCertificates({ clientCertificateHeader: 'Client-Cert' })).toThrow(
      'clientCertificateHeader is "Client-Cert"; accepted: a header only together with trustedProxies',
    );
  });
});
