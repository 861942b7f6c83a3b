import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer } from '@onbehalf/testing';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeHealthIndicator } from '../token-exchange.health.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { ExchangeUnavailable } from '../tokens/exchange-errors.js';

/** A small authorization server, run in a process of its own. */
const AUTHORIZATION_SERVER = `
  import { createServer } from 'node:http';
  const port = Number(process.argv[1]);
  const issuer = 'http://127.0.0.1:' + port;
  let issued = 0;
  createServer((request, response) => {
    request.resume();
    const metadata = request.url.startsWith('/.well-known/');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(metadata ? { issuer, token_endpoint: issuer + '/token' } : {
      access_token: 'exchanged-' + process.pid + '-' + ++issued,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    }));
  }).listen(port, '127.0.0.1', () => console.log('listening'));
`;

const running = new Set<ChildProcess>();

async function start(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', AUTHORIZATION_SERVER, String(port)], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

afterEach(async () => {
  await Promise.all([...running].map(kill));
  running.clear();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function createService(port: number, timeout?: number): TokenExchangeService {
  return new TokenExchangeService({
    issuer: `http://127.0.0.1:${port}`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    ...(timeout && { timeout }),
  });
}

let users = 0;
const anybody = () => ({ subjectToken: `user-${++users}`, audience: 'message-service' });
const failure = (call: Promise<unknown>): Promise<ExchangeUnavailable> =>
  call.then(
    () => Promise.reject(new Error('the exchange has succeeded')),
    (error: unknown) => error as ExchangeUnavailable,
  );

/** Tries until it succeeds; answers with the milliseconds that it took. */
async function untilExchanged(service: TokenExchangeService): Promise<number> {
  const began = performance.now();
  for (;;) {
    if (performance.now() - began > 15_000) throw new Error('no recovery');
    try {
      await service.exchange(anybody());
      return performance.now() - began;
    } catch {
      await sleep(50);
    }
  }
}

describe('outage and recovery of the authorization server', () => {
  it('killed: known tokens are served, others fail fast; started again: it recovers by itself', async () => {
    const port = await freePort();
    const first = await start(port);
    const messageService = await startTestServer(({ headers }) => ({ body: headers.authorization }));
    const service = createService(port);
    const health = new TokenExchangeHealthIndicator(service);
    const messages = service.downstream({ name: 'messages', baseUrl: messageService.url, audience: 'message-service' });
    const known = await onBehalfOf('baeldung', () => messages.get('/'));
    expect(await health.check('exchange')).toEqual({ exchange: { status: 'up', cachedTokens: 1 } });

    await kill(first);
    const reasons: string[] = [];
    for (let i = 0; i < 12; i++) {
      const began = performance.now();
      const { name, reason } = await failure(onBehalfOf(`other-${i}`, () => messages.get('/')));
      expect(name).toBe('ExchangeUnavailable');
      expect(performance.now() - began).toBeLessThan(1900);
      reasons.push(reason);
    }
    // five calls of two attempts each
    expect(reasons).toEqual([...Array<string>(5).fill('connection'), ...Array<string>(7).fill('resting')]);
    expect(await health.check('exchange')).toMatchObject({ exchange: { status: 'down' } });
    expect(await onBehalfOf('baeldung', () => messages.get('/'))).toBe(known);

    await start(port);
    expect(await untilExchanged(service)).toBeLessThan(10_000);
    expect(await health.check('exchange')).toMatchObject({ exchange: { status: 'up' } });
    // whatever has happened: only exchanged tokens went out
    const sent = messageService.requests.map(({ headers }) => headers.authorization);
    expect(sent.every((authorization) => authorization?.startsWith('Bearer exchanged-'))).toBe(true);
    await messageService.close();
  }, 30_000);

  it('frozen: the time-out ends the wait; thawed: it works on', async () => {
    const port = await freePort();
    const server = await start(port);
    const service = createService(port, 300);
    await service.exchange(anybody());
    server.kill('SIGSTOP');
    expect(await failure(service.exchange(anybody()))).toMatchObject({ reason: 'timeout' });
    server.kill('SIGCONT');
    expect(await untilExchanged(service)).toBeLessThan(6000);
  }, 30_000);

  it('not up yet: the service starts, tells that it is not ready, and recovers', async () => {
    const port = await freePort();
    const service = createService(port);
    const health = new TokenExchangeHealthIndicator(service);
    expect(await failure(service.exchange(anybody()))).toMatchObject({ reason: 'discovery', retryAfter: 1 });
    expect(await health.check('exchange')).toMatchObject({
      exchange: { status: 'down', reason: 'the metadata of the authorization server is unavailable' },
    });
    await start(port);
    expect(await untilExchanged(service)).toBeLessThan(6000);
    expect(await health.check('exchange')).toMatchObject({ exchange: { status: 'up' } });
  }, 30_000);
});
