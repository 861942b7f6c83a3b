import 'reflect-metadata';
import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { freePort } from '@onbehalf/testing-internal';
import { Browser } from '../browser.fixture.js';
import { clientApp } from '../client-app.js';
import { SharedRecords } from '../store/shared-records.js';
import { TestProvider } from '../test-provider.fixture.js';

describe('the tool of a support engineer', () => {
  let provider: TestProvider;
  let userService: TestServer;
  let app: CreatedApp;
  let base: string;
  /** Whether the browser had its answer already, at each moment in which a session was written. */
  const answered: boolean[] = [];

  beforeAll(async () => {
    const port = await freePort();
    base = `http://localhost:${port}`;
    provider = await TestProvider.start(base);
    userService = await startTestServer(() => ({ body: { message: 'Hello', hops: [] } }));
    provider.exchanging = () => ({
      status: 200,
      body: { access_token: 'of-the-customer', token_type: 'Bearer', expires_in: 300 },
    });
    const servers = { ISSUER: provider.issuer, USER_SERVICE_URL: userService.url };
    const given = { PORT: String(port), DATABASE_URL: 'sqlite::memory:', ...servers };
    app = await createApp(clientApp, given, { write: () => undefined });
    await app.listen();
    watchSessions(app.app.get(SharedRecords));
  });
  beforeEach(() => void answered.splice(0));
  afterAll(async () => {
    await app.close(0);
    await Promise.all([provider.stop(), userService.close()]);
  });

  function watchSessions(records: SharedRecords): void {
    let response: ServerResponse | undefined;
    channel('http.server.request.start').subscribe((message) => {
      const begun = message as { request: { url: string }; response: ServerResponse };
      if (begun.request.url.startsWith('/support')) ({ response } = begun);
    });
    const [add, change] = [records.add.bind(records), records.change.bind(records)];
    const look = async (kind: string): Promise<void> => {
      await setImmediate();
      if (kind === 'session') answered.push(response!.headersSent);
    };
    jest.spyOn(records, 'add').mockImplementation(async (...given) => {
      await look(given[0]);
      return add(...given);
    });
    jest.spyOn(records, 'change').mockImplementation(async (...given) => {
      await look(given[0]);
      return change(...given);
    });
  }

  async function signIn(browser: Browser): Promise<void> {
    const { location = '' } = await browser.request(`${base}/support`, { method: 'POST', headers: { origin: base } });
    expect((await browser.open(location)).url).toBe(`${base}/support/customers`);
  }

  /** Sends a form of the engineer. */
  async function send(
    browser: Browser,
    path: string,
    fields: Record<string, string> = {},
  ): Promise<string | undefined> {
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec((await browser.request(`${base}/support`)).body) ?? [];
    const body = new URLSearchParams({ csrf, ...fields });
    const { location } = await browser.request(base + path, { method: 'POST', headers: { origin: base }, body });
    return location;
  }

  it('keeps what was done before the browser asks for the next page, at whichever replica', async () => {
    const browser = new Browser();
    await signIn(browser);
    expect(await send(browser, '/support/account', { customer: 'baeldung', reason: 'a call' })).toBe(
      `${base}/support/account`,
    );
    await send(browser, '/support/stop');
    expect(answered).toEqual([false, false, false]);
  });

  it('takes no login that was begun for something else, and none of another browser', async () => {
    const browser = new Browser();
    const back = new URL(await browser.openUntil(`${base}/login`, `${base}/callback`));
    back.pathname = '/support/callback';
    expect((await new Browser().request(back.href)).status).toBe(400);
    expect((await browser.request(back.href)).status).toBe(403);
    expect((await browser.request(`${base}/support/customers`)).location).toBe(`${base}/support`);
  });
});
