import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on a free port and tells the benchmark which. */
export async function listening(server: Server): Promise<void> {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ready(server);
}

/** Tells the benchmark where it listens, and ends when the benchmark does, or says so. */
export function ready(server: Server): void {
  process.once('disconnect', () => process.exit());
  process.send?.({ port: (server.address() as AddressInfo).port });
}
