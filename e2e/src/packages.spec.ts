import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { existsSync, globSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { PackedApplication, packLibraries, run } from './packed-application.js';

const MINUTES = 60_000;
const VM_MODULES = { NODE_OPTIONS: '--experimental-vm-modules' };
const CALLERS = Array.from({ length: 10 }, (_, index) => `caller-${index}`);
const SECRET = randomUUID();

let shared: Shared;
let server: InProcessServer;
let isRunning = true;
let tarballs: string;
let userService: PackedApplication | undefined;
let messageService: PackedApplication | undefined;
let withoutAxios: PackedApplication | undefined;
let user: { readonly url: string; readonly port: number };
let other: { readonly url: string };

beforeAll(async () => {
  shared = await makeShared();
  server = await InProcessServer.start(configuration(), shared);
  tarballs = mkdtempSync(join(tmpdir(), 'onbehalf-tarballs-'));
  const names = ['oauth-protocol', 'jwt-verification', 'resource-server', 'token-exchange-client', 'testing'];
  const packed = packLibraries(names, tarballs);
  const forServices = Object.fromEntries(Object.entries(packed).filter(([name]) => !name.endsWith('-client')));
  userService = new PackedApplication('nest-11-commonjs', packed);
  messageService = new PackedApplication('nest-12-fastify', forServices);
  withoutAxios = new PackedApplication('nest-12-express', packed);
  const { url } = await messageService.start<{ url: string }>({ ISSUER: server.issuer });
  const settings = { ISSUER: server.issuer, CLIENT_SECRET: SECRET, MESSAGE_SERVICE: url };
  user = await userService.start(settings);
  other = await withoutAxios.start(settings);
}, 8 * MINUTES);

afterAll(async () => {
  await Promise.all([userService, messageService, withoutAxios].map(async (application) => application?.remove()));
  if (isRunning) await server.stop();
  await shared.store.close();
  rmSync(tarballs, { recursive: true, force: true });
}, MINUTES);

function configuration(): object {
  return {
    resources: [
      { audience: 'user-service', scopes: ['user.read'] },
      { audience: 'message-service', scopes: ['message.read'] },
    ],
    clients: [
      ...CALLERS.map((clientId) => ({
        clientId,
        secret: SECRET,
        grantTypes: [GrantType.ClientCredentials],
        scopes: ['user.read'],
        defaultResource: 'user-service',
      })),
      { clientId: 'user-service', secret: SECRET, grantTypes: [GrantType.TokenExchange], represents: ['user-service'] },
    ],
    edges: [
      {
        client: 'user-service',
        subjectAudience: 'user-service',
        target: 'message-service',
        mode: 'delegation',
        scopes: { 'message.read': {} },
      },
    ],
  };
}

async function tokenOf(caller: string): Promise<string> {
  const authorization = basic(caller, SECRET);
  const { body } = await postForm(
    `${server.issuer}/oauth2/token`,
    { grant_type: GrantType.ClientCredentials },
    { authorization },
  );
  return String(body['access_token']);
}

async function get(token?: string, url = `${user.url}/user/message`) {
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { headers });
  const [type, challenge] = [response.headers.get('content-type'), response.headers.get('www-authenticate')];
  return { status: response.status, type, challenge, body: (await response.json()) as unknown };
}

interface TcpAnswer {
  readonly id: string;
  readonly response?: unknown;
  readonly err?: unknown;
}

/** Sends messages in one piece, as the TCP transport of NestJS writes them. Returns the answers in the order of the messages. */
async function tell(messages: readonly object[]): Promise<unknown[]> {
  const socket = connect(user.port, '127.0.0.1');
  const packets = messages.map((data, id) => JSON.stringify({ pattern: 'whoami', data, id: String(id) }));
  socket.write(packets.map((packet) => `${packet.length}#${packet}`).join(''));
  const answers = new Map<string, unknown>();
  let received = '';
  for await (const chunk of socket) {
    received += String(chunk);
    for (let answer = take(); answer; answer = take()) {
      if (answer.response !== undefined || answer.err) answers.set(answer.id, answer.err ?? answer.response);
    }
    if (answers.size === messages.length) break;
  }
  return messages.map((_message, id) => answers.get(String(id)));

  function take(): TcpAnswer | undefined {
    const [head, length] = /^(\d+)#/.exec(received) ?? [];
    if (head === undefined || received.length < head.length + Number(length)) return undefined;
    const text = received.slice(head.length, head.length + Number(length));
    received = received.slice(head.length + Number(length));
    return JSON.parse(text) as TcpAnswer;
  }
}

describe('an application of ES modules on NestJS 12 and Express, without axios', () => {
  it('has none', () => {
    expect(readdirSync(join(withoutAxios!.folder, 'node_modules'))).not.toContain('axios');
    expect(existsSync(join(withoutAxios!.folder, 'node_modules/@nestjs/axios'))).toBe(false);
  });

  it.each(['message', 'fetched'])(
    'exchanges the token that it received, and calls by fetch: /user/%s',
    async (path) => {
      const { status, body } = await get(await tokenOf('caller-1'), `${other.url}/user/${path}`);
      expect([status, body]).toEqual([200, { message: 'Hello caller-1', askedBy: 'user-service' }]);
    },
  );

  it('tells what to install for what axios alone can do', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('caller-1')}` };
    const response = await fetch(`${other.url}/user/http`, { headers });
    expect(await response.text()).toMatch(/needs axios, which is not installed: npm install axios @nestjs\/axios$/);
  });
});

describe('a CommonJS application on NestJS 11, which calls one of ES modules on NestJS 12 and Fastify', () => {
  it('exchanges the token that it received, and is told to be the actor', async () => {
    const { status, body } = await get(await tokenOf('caller-1'));
    expect([status, body]).toEqual([200, { message: 'Hello caller-1', askedBy: 'user-service' }]);
  });

  it('refuses a request without a token, with the scope that its route demands', async () => {
    expect(await get()).toMatchObject({ status: 401, challenge: 'Bearer scope="user.read"' });
  });

  it('never takes the user of one message for that of another, however they come over one connection', async () => {
    const tokens = new Map<string, string>();
    for (const caller of CALLERS) tokens.set(caller, await tokenOf(caller));
    const asked = Array.from({ length: 100 }, (_, index) => CALLERS[index % CALLERS.length]!);
    const answers = await tell(asked.map((caller) => ({ authorization: `Bearer ${tokens.get(caller)!}` })));
    expect(answers).toEqual(asked.map((caller) => [caller, caller, caller, caller]));
    expect(await tell([{}])).toEqual([expect.objectContaining({ statusCode: 401 })]);
  });

  it('answers with a problem, in the media type of one, when the authorization server is out', async () => {
    const token = await tokenOf('caller-2');
    await server.stop();
    isRunning = false;
    const { status, type, body } = await get(token);
    expect([status, type]).toEqual([503, 'application/problem+json; charset=utf-8']);
    expect(body).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
  });
});

describe('their tests', () => {
  it(
    'run in Jest, as CommonJS',
    () => {
      expect(() => userService!.tool('jest/bin/jest.js', [], VM_MODULES)).not.toThrow();
    },
    MINUTES,
  );

  it.each([
    ['Jest', 'Fastify', 'jest/bin/jest.js', [], VM_MODULES],
    ['Vitest 5', 'Fastify', 'vitest/vitest.mjs', ['run'], {}],
    ['Jest', 'Express', 'jest/bin/jest.js', [], VM_MODULES],
    ['Vitest 4', 'Express', 'vitest/vitest.mjs', ['run'], {}],
  ] as const)(
    'run in %s, as ES modules, on %s',
    (_name, platform, path, args, settings) => {
      const application = platform === 'Express' ? withoutAxios! : messageService!;
      expect(() => application.tool(path, args, settings)).not.toThrow();
    },
    MINUTES,
  );

  it.each(['Fastify', 'Express'])(
    'run in the runner of Node.js, on %s',
    (platform) => {
      const { folder } = platform === 'Express' ? withoutAxios! : messageService!;
      const [test] = globSync('dist/*.node.js', { cwd: folder });
      expect(run(process.execPath, ['--test', test!], folder)).toMatch(/pass 1\b/);
    },
    MINUTES,
  );
});
