import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { clientAddress } from './client-address.js';

const request = (remoteAddress: string, forwarded?: string | string[]): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('the address that is held to a limit', () => {
  it.each<[string, string[], string, string | string[] | undefined, string]>([
    ['the one of the connection', [], '192.0.2.1', undefined, '192.0.2.1'],
    ['not what a stranger says it is', [], '192.0.2.1', '198.51.100.1', '192.0.2.1'],
    ['what a trusted proxy says', ['10.0.0.0/8'], '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['not what was said to the proxy', ['10.0.0.0/8'], '10.1.2.3', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    [
      'the first before several proxies',
      ['10.0.0.0/8'],
      '10.1.2.3',
      '203.0.113.9, 198.51.100.1, 10.9.9.9',
      '198.51.100.1',
    ],
    [
      'the first before several headers',
      ['10.0.0.1', '10.0.0.2'],
      '10.0.0.1',
      ['198.51.100.1', '10.0.0.2'],
      '198.51.100.1',
    ],
    ['the proxy, when it says nothing', ['10.0.0.0/8'], '10.1.2.3', undefined, '10.1.2.3'],
    ['the proxy, when it says no address', ['10.0.0.0/8'], '10.1.2.3', 'unknown', '10.1.2.3'],
    [
      'IPv4, also through an IPv6 socket',
      ['::ffff:10.0.0.1', '10.0.0.1'],
      '::ffff:10.0.0.1',
      '::ffff:192.0.2.1',
      '192.0.2.1',
    ],
    ['the network of an IPv6 address', [], '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['the network of a short IPv6 address', [], '2001:db8::1', undefined, '2001:db8:0:0::/64'],
    ['the network of the loopback address', [], '::1', undefined, '0:0:0:0::/64'],
    ['without a zone', [], 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
    ['behind an IPv6 proxy', ['fd00::/8'], 'fd00::7', '2001:db8:0:ffff::9', '2001:db8:0:ffff::/64'],
  ])('is %s', (_, trusted, connection, forwarded, expected) => {
    expect(clientAddress(trusted)(request(connection, forwarded))).toBe(expected);
  });

  it.each(['10.0.0.0/33', 'proxy.example', '', '10.0.0.0/x'])('%p is no trusted proxy', (given) => {
    expect(() => clientAddress([given])).toThrow(/accepted: an IP address, or a network such as/);
  });
});
