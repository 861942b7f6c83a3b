import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { checkFreePort } from './free-port.js';

let other: Server | undefined;

afterEach(() => void other?.close());

async function listenOn(host: string): Promise<number> {
  other = createServer().listen(0, host);
  await once(other, 'listening');
  return (other.address() as AddressInfo).port;
}

describe('a port', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    // reached as localhost by browsers, before this app is
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])('that another program has on %s is not free on %s', async (taken, wanted) => {
    const port = await listenOn(taken);
    await expect(checkFreePort(wanted, port)).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('is free when nobody has it, and stays free', async () => {
    const port = await listenOn('127.0.0.1');
    other?.close();
    await checkFreePort('127.0.0.1', port);
    await checkFreePort('127.0.0.1', port);
  });
});
