import { describe, expect, it } from '@jest/globals';
import { TrustedProxies } from './trusted-proxies.js';

describe('trusted proxies', () => {
  const proxies = new TrustedProxies('proxies', ['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8::1']);

  it.each(['10.0.0.1', '10.255.255.255', '::ffff:10.1.2.3', '192.0.2.7', 'fd00::7', 'fdff::1', '2001:db8::1'])(
    '%s is one of them',
    (address) => expect(proxies.includes(address)).toBe(true),
  );

  it.each(['11.0.0.1', '192.0.2.8', '::ffff:11.0.0.1', 'fe80::1', '2001:db8::2', '', 'localhost', undefined])(
    '%s is none of them',
    (address) => expect(proxies.includes(address)).toBe(false),
  );

  it('nobody is when none are named', () => {
    expect(new TrustedProxies('proxies', []).includes('127.0.0.1')).toBe(false);
  });

  it.each(['10.0.0.0/33', '::1/129', '0.0.0.0/0', '::/0', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/1e1', 'proxy.test', ''])(
    '%p is none, and stops the start',
    (given) => {
      const message = `TRUSTED_PROXIES is "${given}"; accepted: an IP address, or a network such as 10.0.0.0/8`;
      expect(() => new TrustedProxies('TRUSTED_PROXIES', [given])).toThrow(message);
    },
  );
});
