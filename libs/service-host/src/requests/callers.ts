import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { TrustedProxies } from '@onbehalf/jwt-verification';

/** Who has sent a request, and how: by the connection, and by what proxies say that are trusted. */
export class Callers {
  readonly #proxies: TrustedProxies;

  /**
   * @param trustedProxies addresses or networks such as 10.0.0.0/8
   * @throws ConfigurationError
   */
  constructor(trustedProxies: readonly string[]) {
    this.#proxies = new TrustedProxies('TRUSTED_PROXIES', trustedProxies);
  }

  /** The last address that no trusted proxy has. */
  addressOf(request: IncomingMessage): string | undefined {
    return this.#proxies.addressOf(request) || undefined;
  }

  /** Whether the caller came by TLS, to here or to a trusted proxy. */
  cameSecurely({ socket, headers }: IncomingMessage): boolean {
    if ((socket as Partial<TLSSocket>).encrypted === true) return true;
    // the proxy at this end has written the last one
    return this.#proxies.includes(socket.remoteAddress) && listOf(headers['x-forwarded-proto']).at(-1) === 'https';
  }
}

function listOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((item) => item.trim());
}
