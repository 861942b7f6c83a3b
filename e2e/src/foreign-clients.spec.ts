import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UserAgent } from '@onbehalf/testing-internal';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { hashOf } from './password-hash.js';

const PASSWORD = randomBytes(9).toString('base64url');
const SECRET = randomBytes(9).toString('base64url');
const CALLBACK = 'https://client.example/callback';
const SIGNED_OUT = 'https://client.example/signed-out';
const CONFIG = {
  resources: [{ audience: 'notes', scopes: ['notes.read'] }],
  clients: [
    {
      clientId: 'foreign',
      secret: SECRET,
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: [CALLBACK],
      postLogoutRedirectUris: [SIGNED_OUT],
      scopes: ['openid', 'profile', 'offline_access', 'notes.read'],
      defaultResource: 'notes',
    },
  ],
  users: [{ username: 'ada', name: 'Ada Lovelace', passwordHash: hashOf(PASSWORD) }],
};

interface ForeignClient {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Ends with 0 when the runtime and the packages are there, without a network. */
  readonly probe: readonly [string, ...string[]];
  readonly signsOut?: false;
}

const folder = (name: string): string => fileURLToPath(new URL(`../foreign-clients/${name}`, import.meta.url));
const python = process.env['FOREIGN_PYTHON'] ?? 'python3';
const CLIENTS: readonly ForeignClient[] = [
  { name: 'openid-client', command: [process.execPath, 'login.mjs'], probe: [process.execPath, '--version'] },
  { name: 'authlib', command: [python, 'login.py'], probe: [python, '-c', 'import authlib, requests'] },
  {
    name: 'requests-oauthlib',
    command: [python, 'login.py'],
    probe: [python, '-c', 'import requests_oauthlib'],
    signsOut: false,
  },
  { name: 'go-oidc', command: ['go', 'run', '.'], probe: ['go', 'vet', '.'] },
];

/** No client loads what it needs while it is tested. */
const environment = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local' };

/** Why a client cannot run here; `undefined` when it can. */
function whyNot({ name, probe: [file, ...args] }: ForeignClient): string | undefined {
  const { error, status, stderr } = spawnSync(file, args, { cwd: folder(name), env: environment, encoding: 'utf8' });
  if (error) return `${file} is missing`;
  return status === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? `${file} ends with ${status}`);
}

describe('clients by others log in, and have what they need of OpenID Connect', () => {
  let shared: Shared;
  let server: InProcessServer;

  beforeAll(async () => {
    shared = await makeShared();
    server = await InProcessServer.start(CONFIG, shared);
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await shared.store.close();
  });

  /** Signs the user in and consents; the address at which the client is called back. */
  async function visit(agent: UserAgent, address: string): Promise<string> {
    let page = await agent.follow(await agent.get(address), CALLBACK);
    // consent is remembered after the first of them
    const answers: Record<string, string>[] = [{ username: 'ada', password: PASSWORD }, { decision: 'allow' }];
    for (const fields of answers) {
      if (!page.headers.has('location')) page = await agent.follow(await agent.submit(page.url, fields), CALLBACK);
    }
    return page.headers.get('location') ?? `no answer: ${page.status}`;
  }

  async function signOut(agent: UserAgent, address: string): Promise<string> {
    const page = await agent.get(address);
    const html = await page.text();
    const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(html) ?? [];
    const [, action = ''] = / action="([^"]*)"/.exec(html) ?? [];
    const sent = await agent.submit(new URL(action, page.url).href, { xsrf, logout: 'yes' });
    return sent.text();
  }

  for (const client of CLIENTS) {
    const reason = whyNot(client);
    if (reason !== undefined) console.warn(`${client.name} is skipped: ${reason}`);
    (reason === undefined ? it : it.skip)(
      client.name,
      async () => {
        const [file, ...args] = client.command;
        const settings = { CLIENT_ID: 'foreign', CLIENT_SECRET: SECRET, REDIRECT_URI: CALLBACK };
        const env = { ...environment, ...settings, ISSUER: server.issuer, SIGNED_OUT_URI: SIGNED_OUT };
        const running = spawn(file, args, { cwd: folder(client.name), env });
        const failure = text(running.stderr);
        const ended = once(running, 'close');
        const agent = new UserAgent();
        const lines: string[] = [];
        for await (const line of createInterface({ input: running.stdout })) {
          lines.push(line);
          if (lines.length === 1) running.stdin.end(`${await visit(agent, line)}\n`);
        }
        await ended;
        if (running.exitCode !== 0) throw new Error(await failure);
        const { logout, ...found } = JSON.parse(lines[1] ?? '{}') as Record<string, string>;
        expect(found).toEqual({ sub: 'ada', name: 'Ada Lovelace', refreshed: 'ada' });
        if (client.signsOut === false) return;
        expect(await signOut(agent, logout ?? '')).toContain(SIGNED_OUT);
      },
      120_000,
    );
  }
});
