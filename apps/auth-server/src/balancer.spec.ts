import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const file = new URL('../../../deploy/haproxy.cfg', import.meta.url);
const isInstalled = spawnSync('haproxy', ['-v']).status === 0;

/** HAProxy by the file of docker-compose.yml, before a server that answers with the headers that reach it. */
(isInstalled ? describe : describe.skip)('the load balancer of compose', () => {
  const folder = mkdtempSync(join(tmpdir(), 'balancer-'));
  const [socket, path] = [join(folder, 'socket'), join(folder, 'haproxy.cfg')];
  const replica = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
  let balancer: ChildProcess;

  beforeAll(async () => {
    await once(replica.listen(0, '127.0.0.1'), 'listening');
    writeFileSync(path, configuration(socket, (replica.address() as AddressInfo).port));
    balancer = spawn('haproxy', ['-f', path], { stdio: 'ignore' });
    while ((await get('/').catch(() => undefined))?.['x-backend'] === undefined) await sleep(20);
  });
  afterAll(async () => {
    balancer.kill('SIGKILL');
    await once(balancer, 'exit');
    replica.closeAllConnections();
    replica.close();
    rmSync(folder, { recursive: true });
  });

  /** The headers with which a request reaches the replica, and the backend by which it does. */
  async function get(target: string, headers: Record<string, string> = {}): Promise<IncomingHttpHeaders> {
    const sent = request({ socketPath: socket, path: target, headers, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString()) as IncomingHttpHeaders;
  }

  it.each([
    ['/login/uid', 'sign-in'],
    // the server takes them for one
    ['/Login/uid', 'sign-in'],
    ['/oauth2/token', 'auth-server'],
  ])('sends %s to the backend %s', async (target, backend) => {
    expect((await get(target))['x-backend']).toBe(backend);
  });

  it('takes away what a caller may not claim, whatever a replica calls the certificate of a client', async () => {
    const claimed = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip'];
    const certificates = ['client-cert', 'client-cert-chain', 'ssl-client-cert', 'x-ssl-client-cert', 'x-client-cert'];
    const headers = Object.fromEntries([...claimed, ...certificates].map((name) => [name.toUpperCase(), 'mine']));
    expect(Object.entries(await get('/oauth2/token', headers)).filter(([, value]) => value === 'mine')).toEqual([]);
  });
});

/** One replica in the place of those by the names of their containers, and each backend tells its name. */
function configuration(socket: string, port: number): string {
  return readFileSync(file, 'utf8')
    .replace('log stdout format raw local0', '')
    .replace('bind :9001', `bind unix@${socket}`)
    .replace(/^frontend client-app\n[^]*/m, '')
    .replace(/^resolvers docker\n(?: .*\n)*/m, '')
    .replaceAll(' resolvers docker', '')
    .replaceAll(/^backend (\S+)\n/gm, '$&  http-request set-header X-Backend $1\n')
    .replaceAll(/auth-server-[12]:9001/g, `127.0.0.1:${port}`);
}
