import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { parse } from 'yaml';
import { basic, logIn, postForm, UserAgent } from '@onbehalf/testing-internal';
import { freePort, System } from '../../tools/system.ts';

const APPS = ['client-app', 'user-service', 'message-service', 'partner'] as const;
type App = (typeof APPS)[number];

/** It takes a JDK and Maven, and minutes. */
const isAsked = 'SOAK_SPRING' in process.env;
const BUILD_WITHIN = 900_000;
const READY_WITHIN = 180_000;

const sources = fileURLToPath(new URL('../spring', import.meta.url));
const article = new URL('../../apps/auth-server/spring-article.yaml', import.meta.url);

(isAsked ? describe : describe.skip)("Spring's services run unchanged", () => {
  let system: System;
  let urls: Record<App, string>;
  const output: string[] = [];
  const processes: ChildProcess[] = [];
  const partnerSecret = randomBytes(16).toString('hex');

  beforeAll(async () => {
    const { status, stderr, stdout } = spawnSync('mvn', ['-q', '-B', 'package'], { cwd: sources, encoding: 'utf8' });
    if (status !== 0) throw new Error(`mvn package fails: ${(stderr + stdout).slice(-2000)}`);
    const ports = await Promise.all(APPS.map(freePort));
    urls = Object.fromEntries(APPS.map((app, i) => [app, `http://localhost:${ports[i]}`])) as typeof urls;
    system = await System.onFreePorts({ AUTH_SERVER_CONFIG: withPartner(), CLIENT_APP_URL: urls['client-app'] });
    await system.up('auth-server');
    await Promise.all(APPS.map((app) => start(app)));
  }, BUILD_WITHIN + READY_WITHIN);

  afterAll(async () => {
    for (const each of processes) if (each.exitCode === null && each.kill()) await once(each, 'exit');
    await system.down();
  }, 60_000);

  /** The file of the article, which trusts another authorization server as well. */
  function withPartner(): string {
    const config = parse(readFileSync(article, 'utf8')) as { edges: object[] };
    const [edge] = config.edges;
    const subjectTypes = [TokenType.AccessToken, TokenType.Jwt];
    const trusted = { issuer: urls.partner, algorithms: ['RS256'], profile: 'spring' };
    const path = join(mkdtempSync(join(tmpdir(), 'spring-')), 'auth-server.json');
    const edges = [{ ...edge, subjectTypes, subjectIssuers: [urls.partner] }];
    writeFileSync(path, JSON.stringify({ ...config, $schema: undefined, edges, trustedIssuers: [trusted] }));
    return path;
  }

  async function start(app: App): Promise<void> {
    const settings = {
      'server.port': new URL(urls[app]).port,
      'server.address': '127.0.0.1',
      'auth-server': system.url('auth-server'),
      'user-service': urls['user-service'],
      'message-service': urls['message-service'],
      ...{ partner: urls.partner, 'partner-secret': partnerSecret },
    };
    const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const child = spawn('java', ['-jar', join(sources, app, 'target/app.jar'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    processes.push(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => output.push(`${app}: ${String(data)}`));
    const deadline = Date.now() + READY_WITHIN;
    while (child.exitCode === null && Date.now() < deadline) {
      if (await fetch(urls[app], { redirect: 'manual' }).then(Boolean, () => false)) return;
      await sleep(200);
    }
    throw new Error(`${app} did not start:\n${output.join('').slice(-3000)}`);
  }

  it('its login, resource server and exchange get the message through', async () => {
    const agent = new UserAgent();
    const page = await agent.follow(await agent.get(`${urls['client-app']}/client/`));
    const home = await agent.follow(await agent.submit(page.url, { username: 'baeldung', password: 'password' }));
    const text = await home.text();
    if (home.status !== 200) throw new Error(`${home.status} ${text}\n${output.join('').slice(-3000)}`);
    expect(text).toBe('baeldung (user-service): for baeldung by message-service');
  });

  it('its default decoder refuses what was not issued for it', async () => {
    const redirectUri = `${urls['client-app']}/client/login/oauth2/code/messaging-client-oidc`;
    const login = {
      issuer: system.url('auth-server'),
      clientId: 'user-service',
      redirectUri,
      scope: 'openid profile user.read',
    };
    const { body } = await logIn(login);
    const ask = async (token: unknown): Promise<number> =>
      (await fetch(`${urls['message-service']}/message`, { headers: { authorization: `Bearer ${String(token)}` } }))
        .status;
    expect(decodeProtectedHeader(String(body['id_token']))).toMatchObject({ alg: 'RS256' });
    // they have no scope message.read
    expect([await ask(body['access_token']), await ask(body['id_token']), await ask('none')]).toEqual([403, 403, 401]);
  });

  it('a token of Spring Authorization Server is exchanged, and message-service takes the new one', async () => {
    const authorization = basic('partner', partnerSecret);
    const grant = { grant_type: GrantType.ClientCredentials, scope: 'user.read' };
    const { body } = await postForm(`${urls.partner}/oauth2/token`, grant, { authorization });
    const token = String(body['access_token']);
    expect([decodeProtectedHeader(token)['typ'], decodeJwt(token)['scope']]).toEqual([undefined, ['user.read']]);
    const fields = { grant_type: GrantType.TokenExchange, subject_token: token, subject_token_type: TokenType.Jwt };
    const exchanged = await postForm(`${system.url('auth-server')}/oauth2/token`, fields, {
      authorization: basic('message-service', 'token'),
    });
    expect([exchanged.status, exchanged.body['scope']]).toEqual([200, 'message.read']);
    const answer = await fetch(`${urls['message-service']}/message`, {
      headers: { authorization: `Bearer ${String(exchanged.body['access_token'])}` },
    });
    expect([answer.status, await answer.text()]).toEqual([200, `for ${urls.partner}#partner by message-service`]);
  });
});
