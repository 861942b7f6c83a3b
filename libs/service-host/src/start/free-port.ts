import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';
const LOOPBACK_6 = '::1';
/** There is no IPv6 here, so that nobody can be in the way there. */
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'];

/**
 * Fails as listening would, with EADDRINUSE and the like. Who listens on 127.0.0.1 is reached as `localhost`, and
 * browsers try `::1` first there: another program on that side of the port would be taken for this one.
 */
export async function checkFreePort(host: string, port: number): Promise<void> {
  await tryToListen(host, port);
  if (host === LOOPBACK && port !== 0) await tryToListen(LOOPBACK_6, port).catch(ignoreMissingIpv6);
}

function tryToListen(host: string, port: number): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen({ host, port, ipv6Only: true }, () => probe.close(() => resolve()));
  });
}

function ignoreMissingIpv6(error: NodeJS.ErrnoException): void {
  if (!NO_IPV6.includes(error.code ?? '')) throw error;
}
