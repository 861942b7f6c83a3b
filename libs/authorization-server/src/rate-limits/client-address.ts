import type { IncomingMessage } from 'node:http';
import { TrustedProxies } from '@onbehalf/jwt-verification';

/** Finds out where a request comes from, without believing what its sender says. */
export type ClientAddress = (request: IncomingMessage) => string;

/**
 * The address that is held to a limit: the one of the connection, or, when that is a trusted proxy, the last one in
 * `X-Forwarded-For` that is not. An IPv6 address counts as its network, which one party holds as a whole.
 * @param trustedProxies addresses or networks such as 10.0.0.0/8
 * @throws ConfigurationError
 */
export function clientAddress(trustedProxies: readonly string[]): ClientAddress {
  const proxies = new TrustedProxies('trusted proxies', trustedProxies);
  return (request) => {
    const address = proxies.addressOf(request);
    // it is an address: to ask which kind by all the ways to write one takes microseconds
    return address.includes(':') ? network(address) : address;
  };
}

/** The first 64 bits. */
function network(address: string): string {
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(missing).fill('0'), ...(tail ? tail.split(':') : [])];
  return `${all.slice(0, 4).join(':')}::/64`;
}
