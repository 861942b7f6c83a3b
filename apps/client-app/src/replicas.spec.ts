import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer, request as send, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '@onbehalf/authorization-store';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { freePort, testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { Browser } from './browser.fixture.js';
import { clientApp } from './client-app.js';
import { TestProvider } from './test-provider.fixture.js';

const databases = await testDatabases();
// of all apps: what logs in Nest logs to the first one of a process
const lines: string[] = [];

/** Sends each request to the next replica: no two of one browser in a row to the same. */
class Balancer {
  readonly url: string;
  /** What it has sent where: path and number of the replica. */
  readonly sent: (readonly [path: string, replica: number])[] = [];
  readonly #ports: readonly number[];
  readonly #server: Server;

  constructor(port: number, ports: readonly number[]) {
    this.url = `http://localhost:${port}`;
    this.#ports = ports;
    this.#server = createServer((incoming, outgoing) => {
      const replica = this.sent.length % this.#ports.length;
      this.sent.push([incoming.url!.split('?', 1)[0]!, replica]);
      const { method, headers, url: path } = incoming;
      const asked = send({ port: this.#ports[replica], method, headers, path, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      asked.on('error', () => outgoing.writeHead(502).end());
      incoming.pipe(asked);
    }).listen(port, '127.0.0.1');
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

describe.each(databases)('two replicas without stickiness, on $name', (kind) => {
  let provider: TestProvider;
  let userService: TestServer;
  let balancer: Balancer;
  let ports: readonly number[];
  let settings: Record<string, string>;
  let replicas: CreatedApp[];
  const message = (): string => `${balancer.url}/api/user/message`;

  beforeAll(async () => {
    const [port, ...others] = await Promise.all([freePort(), freePort(), freePort()]);
    ports = others;
    balancer = new Balancer(port, ports);
    provider = await TestProvider.start(balancer.url);
    userService = await startTestServer(() => ({
      body: { message: 'Hello', hops: [{ service: 'user-service', claims: { sub: 'baeldung' } }] },
    }));
  });
  afterAll(async () => {
    await Promise.all([provider.stop(), userService.close(), balancer.close()]);
    await kind.stop();
  });

  beforeEach(async () => {
    provider.reset();
    userService.requests.length = 0;
    balancer.sent.length = 0;
    lines.length = 0;
    const file = join(mkdtempSync(join(tmpdir(), 'client-app-')), 'app.db');
    settings = {
      ISSUER: provider.issuer,
      USER_SERVICE_URL: userService.url,
      PUBLIC_URL: balancer.url,
      DATABASE_URL: kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database(),
      ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    };
    replicas = await Promise.all(ports.map(start));
  });
  afterEach(() => Promise.all(replicas.map((app) => app.close(0))));

  async function start(port: number): Promise<CreatedApp> {
    const app = await createApp(
      clientApp,
      { ...settings, PORT: String(port) },
      { write: (line) => void lines.push(line) },
    );
    await app.listen();
    return app;
  }

  it('a login begins at one, comes back to the other, and goes on at the first', async () => {
    const browser = new Browser();
    const page = await browser.open(message());
    expect([page.status, page.url]).toEqual([200, message()]);
    expect(balancer.sent).toEqual([
      ['/api/user/message', 0],
      ['/callback', 1],
      ['/api/user/message', 0],
    ]);
    const pages = await Promise.all(Array.from({ length: 6 }, () => browser.request(message())));
    expect(pages.map(({ status }) => status)).toEqual(Array(6).fill(200));
  });

  it('two tabs begin a login each, and both come back', async () => {
    const browser = new Browser();
    const [one, other] = [await browser.request(message()), await browser.request(`${balancer.url}/login`)];
    expect((await browser.open(other.location!)).body).toContain("Hello 'baeldung");
    expect((await browser.open(one.location!)).url).toBe(message());
  });

  it('five tabs begin a login each at once, and all come back to their pages', async () => {
    const browser = new Browser();
    const tabs = await Promise.all(Array.from({ length: 5 }, () => browser.request(message())));
    for (const { location = '' } of tabs) expect((await browser.open(location)).url).toBe(message());
  });

  it('a login that came back at one does not come back at the other', async () => {
    const browser = new Browser();
    const back = await browser.openUntil(message(), `${balancer.url}/callback`);
    const copy = browser.copy();
    const answers = await Promise.all([browser.request(back), copy.request(back)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 400]);
    expect(answers.find(({ status }) => status === 400)?.body).toContain('was already used');
    const [kept] = [browser, copy].filter((each) => each.cookie('client-app.sid') !== '');
    // nobody has used the code twice: what came from it lives
    expect((await kept!.request(message())).status).toBe(200);
  });

  it('keeps of a login that it belongs to its account, and nothing of one in which nobody signed in', async () => {
    const { database } = await openDatabase({
      url: settings['DATABASE_URL']!,
      encryptionKeys: [settings['ENCRYPTION_KEYS']!],
    });
    const kept = async () =>
      (
        await sql<{
          owner: string | null;
        }>`select owner_hash as owner from client_app_records where kind = 'login'`.execute(database)
      ).rows;
    for (let i = 0; i < 3; i += 1) {
      const browser = new Browser();
      const back = new URL(await browser.openUntil(message(), `${balancer.url}/callback`));
      back.searchParams.set('code', 'made-up');
      expect((await browser.request(back.href)).status).toBe(502);
    }
    expect(await kept()).toEqual([]);
    await new Browser().open(message());
    await new Browser().open(message());
    const owners = (await kept()).map(({ owner }) => owner);
    await database.destroy();
    expect([owners.length, owners[0], new Set(owners).size]).toEqual([2, expect.any(String), 1]);
  });

  it('a restart of both signs nobody out, and ends no login that is under way', async () => {
    const signedIn = new Browser();
    await signedIn.open(message());
    const underWay = new Browser();
    const back = await underWay.openUntil(message(), `${balancer.url}/callback`);
    await Promise.all(replicas.map((app) => app.close(0)));
    replicas = await Promise.all(ports.map(start));
    expect((await signedIn.request(message())).status).toBe(200);
    expect((await underWay.open(back)).url).toBe(message());
    expect(provider.logins).toBe(2);
  });

  it('what one has ended is ended at the other', async () => {
    const browser = new Browser();
    await browser.open(message());
    const thief = browser.copy();
    expect((await browser.submit(`${balancer.url}/logout`)).status).toBe(303);
    const after = await Promise.all([thief.request(message()), thief.request(message())]);
    expect(after.map(({ status, location }) => [status, location?.startsWith(provider.issuer)])).toEqual(
      Array(2).fill([303, true]),
    );
  });

  it('a request that is under way while another one signs out brings nothing back', async () => {
    const browser = new Browser();
    await browser.open(message());
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const usual = userService.answering;
    userService.answering = async (request) => {
      asked.resolve();
      await answer.promise;
      return usual(request);
    };
    const slow = browser.copy().request(message());
    await asked.promise;
    await browser.submit(`${balancer.url}/logout`);
    answer.resolve();
    await slow;
    userService.answering = usual;
    expect((await browser.copy().request(message())).status).toBe(303);
  });

  it('RFC 9700 §4.14.2: requests at both refresh once, and none uses a refresh token that was rotated', async () => {
    provider.firstTokenLifetime = 5;
    const browser = new Browser();
    await browser.open(`${balancer.url}/login`);
    for (const refreshes of [1, 1]) {
      const pages = await Promise.all(Array.from({ length: 10 }, () => browser.request(message())));
      expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(provider.refreshes).toBe(refreshes);
    }
    // the one that was kept is the one that counts
    expect(new Set(userService.requests.map(({ headers }) => headers.authorization)).size).toBe(1);
    expect(new Set(balancer.sent.map(([, replica]) => replica))).toEqual(new Set([0, 1]));
  });

  it('the id of a session that was planted is worth nothing at either', async () => {
    const thief = new Browser();
    await thief.open(message());
    const planted = thief.cookie('client-app.sid');
    const victim = new Browser({ 'client-app.sid': planted });
    await victim.open(`${balancer.url}/login`);
    expect(victim.cookie('client-app.sid')).not.toBe(planted);
    const pages = await Promise.all([thief.request(message()), thief.request(message())]);
    expect(pages.map(({ status }) => status)).toEqual([303, 303]);
  });

  it('the forms of one are taken by the other, and no others', async () => {
    const browser = new Browser();
    await browser.open(message());
    const refused = await browser.submit(`${balancer.url}/logout`, undefined, { csrf: 'x'.repeat(32) });
    expect(refused.status).toBe(403);
    expect((await browser.submit(`${balancer.url}/logout`)).status).toBe(303);
  });

  it('the other issuer of the lab has the same keys at both', async () => {
    const keys = await Promise.all(
      [1, 2].map(async () => (await fetch(`${balancer.url}/lab/partner/jwks.json`)).text()),
    );
    expect(keys[0]).toEqual(keys[1]);
    expect(keys.join()).not.toContain('"d"');
  });

  it('a login that comes back while the store fails may come back again', async () => {
    const browser = new Browser();
    const back = await browser.openUntil(message(), `${balancer.url}/callback`);
    const { database } = await openDatabase({
      url: settings['DATABASE_URL']!,
      encryptionKeys: [settings['ENCRYPTION_KEYS']!],
    });
    await sql`alter table client_app_records rename to gone`.execute(database);
    const page = await browser.request(back);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1']);
    await sql`alter table gone rename to client_app_records`.execute(database);
    await database.destroy();
    expect((await browser.open(back)).url).toBe(message());
  });

  it('a store that fails is told: 503 with Retry-After, not ready, and nobody is signed out', async () => {
    const browser = new Browser();
    await browser.open(message());
    const { database } = await openDatabase({
      url: settings['DATABASE_URL']!,
      encryptionKeys: [settings['ENCRYPTION_KEYS']!],
    });
    const ready = async (): Promise<number[]> =>
      Promise.all(ports.map(async (port) => (await fetch(`http://localhost:${port}/health/ready`)).status));
    expect(await ready()).toEqual([200, 200]);
    await sql`alter table client_app_records rename to gone`.execute(database);
    const pages = await Promise.all([browser.request(message()), browser.request(message())]);
    for (const page of pages) {
      expect([page.status, page.headers.get('retry-after'), page.location]).toEqual([503, '1', undefined]);
      expect(page.body).toContain('This is not possible now');
      expect(page.body).not.toMatch(/client_app_records|sql|node_modules/i);
    }
    expect(await ready()).toEqual([503, 503]);
    expect(lines.join()).toContain('client_app_records');
    await sql`alter table gone rename to client_app_records`.execute(database);
    await database.destroy();
    expect(await ready()).toEqual([200, 200]);
    expect((await browser.request(message())).status).toBe(200);
  });
});
