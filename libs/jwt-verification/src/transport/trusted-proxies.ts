import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@onbehalf/oauth-protocol';

const BITS = { ipv4: 32, ipv6: 128 } as const;

/** The proxies whose headers are believed: anyone can send a header, only the connection tells who did. */
export class TrustedProxies {
  readonly #list = new BlockList();
  /** Whether nobody is trusted, which the list takes microseconds to tell. */
  readonly #none: boolean;

  /**
   * @param setting what a mistake is named by
   * @param networks addresses, or networks such as 10.0.0.0/8
   * @throws ConfigurationError for anything else, and for a network of all addresses: it would trust everyone
   */
  constructor(setting: string, networks: readonly string[]) {
    this.#none = networks.length === 0;
    for (const given of networks) {
      const [address = '', prefix] = given.split('/');
      const family = familyOf(address);
      const bits = prefix === undefined ? BITS[family ?? 'ipv4'] : Number(prefix);
      if (!family || !/^\d*$/.test(prefix ?? '') || bits < 1 || bits > BITS[family]) {
        throw new ConfigurationError(setting, given, 'an IP address, or a network such as 10.0.0.0/8');
      }
      this.#list.addSubnet(address, bits, family);
    }
  }

  /** Whether the address of a connection is one of theirs. */
  includes(address: string | undefined): boolean {
    if (this.#none) return false;
    const family = address === undefined ? undefined : familyOf(address);
    return family !== undefined && this.#list.check(address!, family);
  }

  /**
   * Where a request comes from: the address of the connection, or, when that is one of theirs, the last one in `X-Forwarded-For` that is
   * not. Empty when the connection is gone.
   */
  addressOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = plain(socket.remoteAddress ?? '');
    let forwarded: string[] | undefined;
    while (this.includes(address)) {
      forwarded ??= [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
      const before = plain(forwarded.pop()?.trim() ?? '');
      if (isIP(before) === 0) break;
      address = before;
    }
    return address;
  }
}

/** An IPv4 address that came through an IPv6 socket is an IPv4 address. */
function plain(address: string): string {
  return address.startsWith(':') ? address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '') : address;
}

function familyOf(address: string): keyof typeof BITS | undefined {
  return ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(address)];
}
