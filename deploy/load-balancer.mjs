/**
 * A small load balancer for docker-compose.yml: takes turns among the replicas that are ready, asks each of
 * them every second, and passes a request on to the next one when a replica does not take the connection.
 *   PORT=9001 UPSTREAMS=http://auth-server-1:9001,http://auth-server-2:9001 node load-balancer.mjs
 */
import { createServer, get, request as send } from 'node:http';
import process from 'node:process';
import { setInterval } from 'node:timers';
import { URL } from 'node:url';

const { PORT = '9001', HOST = '0.0.0.0', UPSTREAMS = '', HEALTH_PATH = '/health/ready' } = process.env;
const HEALTH_INTERVAL = 1000;
const HEALTH_TIMEOUT = 900;
/** What a caller may not claim: the balancer says it, or nobody. */
const UNTRUSTED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'client-cert'];

const upstreams = UPSTREAMS.split(',')
  .filter(Boolean)
  .map((url) => ({ url: new URL(url), ready: false }));
if (upstreams.length === 0) {
  process.stderr.write('load-balancer: UPSTREAMS is missing; accepted: http URLs, separated by commas\n');
  process.exit(1);
}
let turn = 0;

/** When none is ready, all of them: one that cannot serve says so better than a guess about it. */
function inTurn() {
  const ready = upstreams.filter((upstream) => upstream.ready);
  const chosen = ready.length > 0 ? ready : upstreams;
  turn += 1;
  return chosen.map((_, index) => chosen[(turn + index) % chosen.length]);
}

function checkHealth(upstream) {
  const probe = get(new URL(HEALTH_PATH, upstream.url), { agent: false, timeout: HEALTH_TIMEOUT }, (response) => {
    upstream.ready = response.statusCode === 200;
    response.resume();
  });
  probe.on('timeout', () => probe.destroy());
  probe.on('error', () => (upstream.ready = false));
}

function headersOf(request) {
  const headers = { ...request.headers };
  for (const name of UNTRUSTED) delete headers[name];
  return { ...headers, 'x-forwarded-for': request.socket.remoteAddress, connection: 'close' };
}

function forward(request, response, [upstream, ...others]) {
  if (!upstream) {
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/json' });
    return response.end(JSON.stringify({ error: 'temporarily_unavailable' }));
  }
  let connected = false;
  const options = { method: request.method, headers: headersOf(request), agent: false };
  const outgoing = send(new URL(request.url, upstream.url), options, (answer) => {
    delete answer.headers.connection;
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('socket', (socket) => {
    socket.once('connect', () => {
      connected = true;
      request.pipe(outgoing);
    });
  });
  outgoing.on('error', () => {
    // only what no replica has seen may be sent again
    if (!connected) {
      upstream.ready = false;
      return forward(request, response, others);
    }
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ error: 'temporarily_unavailable' }));
  });
  response.on('close', () => outgoing.destroy());
}

setInterval(() => upstreams.forEach(checkHealth), HEALTH_INTERVAL);
upstreams.forEach(checkHealth);
const server = createServer((request, response) => forward(request, response, inTurn()));
server.listen(Number(PORT), HOST);
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
