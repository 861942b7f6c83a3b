import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isConnection } from './guarded-call.js';

describe('what opened a connection', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    server.close();
  });

  /** The request as it arrives, by the event that brings it. */
  async function arrived(event: 'request' | 'upgrade'): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const sent = request({ port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade: 'h2c' } });
    sent.on('error', () => undefined).end();
    const [incoming] = (await once(server, event)) as [IncomingMessage];
    sent.destroy();
    incoming.socket.destroy();
    return incoming;
  }

  // Java's HttpClient asks so with each request of a connection, which carries those of many users
  it('RFC 9110 §7.8: is no request that asks for another protocol and is answered in HTTP', async () => {
    const incoming = await arrived('request');
    expect(isConnection(incoming)).toBe(false);
    expect(isConnection({ headers: incoming.headers, raw: incoming })).toBe(false);
  });

  it('is one that was handed over as a connection', async () => {
    const incoming = await arrived('upgrade');
    expect(isConnection(incoming)).toBe(true);
    expect(isConnection({ headers: incoming.headers, raw: incoming })).toBe(true);
  });

  it('is told by its header where nobody else tells', () => {
    expect(isConnection({ headers: { upgrade: 'websocket' } })).toBe(true);
    expect(isConnection({ headers: {} })).toBe(false);
  });
});
