import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { Callers } from './callers.js';

const request = (remoteAddress: string, headers: Record<string, string> = {}, encrypted = false) =>
  ({ socket: { remoteAddress, encrypted }, headers }) as unknown as IncomingMessage;

describe('the caller of a request', () => {
  const callers = new Callers(['10.0.0.0/8']);

  it.each<[string, string, string | undefined, string]>([
    ['the connection', '192.0.2.1', undefined, '192.0.2.1'],
    ['the connection, whatever a stranger claims', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['what a trusted proxy says', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
    [
      'the last that is no proxy, whatever was claimed before it',
      '::ffff:10.0.0.1',
      '6.6.6.6, 198.51.100.7, 10.0.0.2',
      '198.51.100.7',
    ],
    ['an IPv6 address as a whole', '10.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['the proxy, when it says what is no address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ])('has the address of %s', (_, remote, forwarded, address) => {
    const headers = forwarded === undefined ? undefined : { 'x-forwarded-for': forwarded };
    expect(callers.addressOf(request(remote, headers))).toBe(address);
  });

  it.each<[string, IncomingMessage, boolean]>([
    ['by TLS to here', request('192.0.2.1', {}, true), true],
    ['by TLS to a trusted proxy', request('10.0.0.1', { 'x-forwarded-proto': 'https' }), true],
    [
      'by HTTP to a trusted proxy that was told otherwise',
      request('10.0.0.1', { 'x-forwarded-proto': 'https, http' }),
      false,
    ],
    ['by HTTP, whatever it claims', request('192.0.2.1', { 'x-forwarded-proto': 'https' }), false],
    ['by HTTP', request('192.0.2.1'), false],
  ])('came %s', (_, sent, securely) => {
    expect(callers.cameSecurely(sent)).toBe(securely);
  });
});
