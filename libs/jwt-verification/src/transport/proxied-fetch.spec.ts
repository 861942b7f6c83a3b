import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestCertificate } from '@onbehalf/testing-internal';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { proxiedFetch } from './proxied-fetch.js';

const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('fetching through a proxy', () => {
  const environment = { ...process.env };
  /** What the proxy was asked for. */
  const asked: { readonly target: string; readonly authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  let proxy: Server;
  let origin: Server;
  let url: string;

  beforeEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    asked.length = 0;
    const { certificate, privateKey } = createTestCertificate('issuer.test');
    origin = createTlsServer({ cert: certificate, key: privateKey }, (_request, response) => response.end('origin'));
    proxy = createServer((incoming, response) => {
      asked.push({ target: incoming.url!, authorization: incoming.headers['proxy-authorization'] });
      response.end('by way of the proxy');
    });
    proxy.on('connect', ({ url: target, headers }, client: Socket) => {
      asked.push({ target: target!, authorization: headers['proxy-authorization'] });
      const onward = connect(portOf(origin), '127.0.0.1', () => client.write('HTTP/1.1 200 Connected\r\n\r\n'));
      onward.on('error', () => client.destroy());
      client.on('error', () => onward.destroy());
      client.pipe(onward).pipe(client);
    });
    for (const server of [proxy, origin]) {
      server.on('connection', (socket: Socket) => sockets.add(socket));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    url = `http://127.0.0.1:${portOf(proxy)}`;
  });
  afterEach(async () => {
    process.env = { ...environment };
    for (const socket of sockets) socket.destroy();
    await Promise.all([proxy, origin].map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it('RFC 9112 §3.2.2: plain HTTP is asked for in absolute form, credentials of the proxy included', async () => {
    process.env['HTTP_PROXY'] = url.replace('//', '//user:secret@');
    const answer = await proxiedFetch('http://issuer.test/jwks', { headers: { accept: 'application/json' } });
    expect(await answer.text()).toBe('by way of the proxy');
    const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(asked).toEqual([{ target: 'http://issuer.test/jwks', authorization }]);
  });

  it('HTTPS goes through a tunnel, and the certificate is that of the target', async () => {
    process.env['HTTPS_PROXY'] = url;
    // the proxy leads to a server whose certificate nobody vouches for
    await expect(proxiedFetch('https://issuer.test/jwks')).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(asked.map(({ target }) => target)).toEqual(['issuer.test:443']);
  });

  it.each([
    ['NO_PROXY has its host', 'http://issuer.test:1/', 'issuer.test'],
    ['NO_PROXY has its domain', 'http://issuer.test:1/', '.test'],
    ['NO_PROXY is everything', 'http://issuer.test:1/', '*'],
    ['it is on this machine', 'http://127.0.0.1:1/', ''],
  ])('is not done where %s', async (_case, target, noProxy) => {
    process.env['ALL_PROXY'] = url;
    process.env['NO_PROXY'] = noProxy;
    await expect(proxiedFetch(target)).rejects.toThrow('fetch failed');
    expect(asked).toEqual([]);
  });

  it('a proxy that is no URL is named without its value', async () => {
    process.env['HTTP_PROXY'] = 'http://user:secret@no url';
    const error: unknown = await proxiedFetch('http://issuer.test/').catch((reason: unknown) => reason);
    expect(String(error)).toBe('Error: the proxy that the environment names is not a URL');
  });
});
