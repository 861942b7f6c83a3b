import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { LegacySystem } from '../../tools/legacy.ts';
import { APPS, DEMO, freePort, RunningApp, System, type AppName } from '../../tools/system.ts';
import { heading, signIn, World } from './browser-world.js';
import { findChromium, NO_BROWSER } from './chromium.js';
import { agentStory } from './browser-agent.js';
import { CARDS } from './lab-cards.js';
import { JWT } from './jwt-pattern.js';

const LIMIT = 90_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ATTACK = `"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;
const PUBLIC = ['/', '/lab/failures', '/lab/which', '/lab/faces', '/lab/cards/header-user', '/nothing-here'];
const OWN = [
  '/',
  '/api/user/message',
  '/orders',
  '/lab/failures',
  '/lab/faces',
  '/lab/evaluate',
  '/lab/activity',
  '/lab/cards/step-up',
];
const PROCESSES = new URL('../../apps/client-app/dist/lab/processes/', import.meta.url);

/** Time that runs a hundred times as fast: 30 seconds are over in 0.3. */
const FASTER = [
  '--import',
  'data:text/javascript,const { setTimeout: real } = globalThis; globalThis.setTimeout = (work, time) => real(work, time / 100);',
];

const isSkipped = findChromium() === undefined && !process.env['CI'];
if (isSkipped) console.warn(`The tests of the lab are skipped. ${NO_BROWSER}`);

(isSkipped ? describe.skip : describe)('the lab, in a real browser', () => {
  let world: World;
  let base: string;
  let legacy: LegacySystem;

  beforeAll(async () => {
    legacy = await LegacySystem.start();
    world = await World.open(async (path) => {
      writeFileSync(path, readFileSync(path, 'utf8').replace('maxAuthenticationAge: 30', 'maxAuthenticationAge: 1'));
      const system = await (await System.onFreePorts({ ...legacy.settings, AUTH_SERVER_CONFIG: path })).up();
      // one after the other: many processes that start at once keep each other from it
      return system.up(...DEMO.filter((name) => !(APPS as readonly AppName[]).includes(name)));
    });
    base = world.system.url('client-app');
  }, LIMIT);

  afterAll(async () => {
    await world?.close();
    await legacy?.stop();
  }, LIMIT);
  afterEach(() => world?.closePage());

  /** The cookies of one session, which the tests share. */
  let session: BrowserContextOptions['storageState'];

  /** A page of somebody who has signed in as the landing page offers it, and has read the message. */
  async function signedIn(options: BrowserContextOptions = {}): Promise<Page> {
    session ??= await newSession();
    return world.openPage({ ...options, storageState: session });
  }

  async function newSession(): Promise<NonNullable<BrowserContextOptions['storageState']>> {
    const page = await world.openPage();
    await page.goto(`${base}/`);
    await page.getByRole('link', { name: 'Sign in as the demo user' }).click();
    expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');
    await signIn(page);
    await page.waitForURL(`${base}/`);
    await page.goto(`${base}/api/user/message`);
    const state = await world.context.storageState();
    await world.closePage();
    return state;
  }

  async function run(page: Page, id: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    await page.goto(`${base}/lab/cards/${id}`);
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    await page.locator('main form.run button').first().click();
    await page.locator('#result').waitFor();
  }

  const verdicts = (page: Page): Promise<string[]> => page.locator('.track .verdict').allInnerTexts();

  const openAll = (page: Page): Promise<void> =>
    page.evaluate(() => document.querySelectorAll('details').forEach((each) => (each.open = true)));

  const overflow = (page: Page): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${page.url()} ${id}: ${html}`));
  }

  it.each(CARDS)(
    '%s: every way is really done, and ends as it must',
    async (id, expected) => {
      const page = await signedIn();
      await run(page, id);
      expect(await verdicts(page)).toEqual(expected);
      await openAll(page);
      // each request for a token of the lab's clients has its record beside it
      for (const message of await page.locator('.message').all()) {
        const [what, status] = [
          await message.locator('.what').innerText(),
          await message.locator('summary .status').innerText(),
        ];
        if (what.startsWith('exchange') && status === '200') expect(await message.locator('.decision').count()).toBe(1);
      }
      const { cookies, origins } = await world.context.storageState();
      const held = [await page.content(), cookies, origins, world.addresses];
      expect(JSON.stringify(held)).not.toMatch(JWT);
      // the clients of the lab have one secret
      expect(JSON.stringify(held)).not.toContain('lab-secret');
      expect(world.violations).toEqual([]);
    },
    LIMIT,
  );

  it(
    'an agent is told no, acts as its user allows it, in one tree, and is told no again',
    async () => {
      const page = await signedIn();
      await agentStory(page, { server: world.server, app: base, run: (at) => run(at, 'ai-agent'), faults });
      expect(world.violations).toEqual([]);
      expect(await faults(page)).toEqual([]);
    },
    LIMIT,
  );

  it(
    'a chain may be one to five services long',
    async () => {
      const page = await signedIn();
      for (const levels of ['1', '5']) {
        await page.goto(`${base}/lab/cards/delegation-chain`);
        await page.getByLabel('Services in the chain').selectOption(levels);
        await page.locator('main form.run button').click();
        await page.locator('#result').waitFor();
        expect(await verdicts(page)).toEqual(['works']);
        expect(await page.locator('.message').count()).toBe(Number(levels) + 1);
      }
    },
    LIMIT,
  );

  it(
    'step-up: what is refused goes through after another sign-in',
    async () => {
      const page = await signedIn();
      do await run(page, 'step-up');
      while (!(await verdicts(page)).includes('refused'));
      expect(await page.locator('.track > p').innerText()).toMatch(/^insufficient_user_authentication, max_age 1/);
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await page.getByLabel('Password').fill('password');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${base}/lab/cards/step-up`);
      // a sign-in has a session of its own
      session = undefined;
    },
    LIMIT,
  );

  it(
    'the flow has five lanes, the services’ own times, and the token beside the one before',
    async () => {
      const page = await signedIn();
      await page.goto(`${base}/api/user/message`);
      expect(await page.locator('.lanes .actor').allInnerTexts()).toEqual([]);
      const lanes = await page.locator('.lanes .actor').allTextContents();
      expect(lanes).toEqual(['browser', 'client-app', 'user-service', 'auth-server', 'message-service']);
      const routes = await page.locator('.message .route').allInnerTexts();
      expect(routes.map((route) => route.replace(/\s+/g, ' '))).toEqual([
        expect.stringContaining('browser →'),
        expect.stringContaining('client-app →'),
        expect.stringContaining('exchange for message-service'),
        expect.stringContaining('user-service → to message-service'),
        expect.stringContaining('exchange for user-service'),
        expect.stringContaining('message-service → to user-service'),
      ]);
      const exchange = page.locator('.message').nth(2);
      await exchange.locator('summary').first().click();
      expect(await exchange.locator('.decision code').first().innerText()).toMatch(
        /^user-service:user-service:message-service/,
      );
      const change = (claim: string): Promise<string> =>
        exchange.locator(`[data-claim="${claim}"] .word`).first().innerText();
      expect([await change('sub'), await change('aud'), await change('act')]).toEqual(['kept', 'replaced', 'added']);
    },
    LIMIT,
  );

  it.each(['no-preference', 'reduce'] as const)(
    'the player lights the steps in the measure of their times, or evenly where less motion is wanted (%s)',
    async (reducedMotion) => {
      const page = await signedIn({ reducedMotion });
      await page.clock.install({ time: 0 });
      await page.goto(`${base}/api/user/message`);
      // from here on time goes by only where the test lets it
      await page.clock.pauseAt(3_600_000);
      const begun = await page
        .locator('.lanes [data-at]')
        .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-at'))));
      const lit = (): Promise<number> => page.locator('.lanes .lit').count();
      await page.getByRole('button', { name: 'Play the steps' }).click();
      const times: number[] = [];
      for (let step = 1; step <= begun.length; step += 1) {
        expect(await lit()).toBe(step);
        // the list below the picture says the same
        expect(await page.locator('.messages > .lit').count()).toBe(step);
        let time = 0;
        while ((await lit()) === step) {
          await page.clock.runFor(25);
          time += 25;
        }
        times.push(time);
      }
      expect([await lit(), await page.locator('.player button').isEnabled()]).toEqual([0, true]);
      if (reducedMotion === 'reduce') return expect(times).toEqual(begun.map(() => 250));
      const gaps = begun.slice(1).map((at, i) => at - begun[i]!);
      const whole = gaps.reduce((sum, gap) => sum + gap);
      for (const [i, gap] of gaps.entries()) {
        const expected = 200 + (gap / whole) * gaps.length * 450;
        expect([i, Math.abs(times[i]! - expected) <= 26]).toEqual([i, true]);
      }
    },
    LIMIT,
  );

  it(
    'a command is copied as it stands, without a token',
    async () => {
      const page = await signedIn({ permissions: ['clipboard-read', 'clipboard-write'] });
      await run(page, 'same-token');
      await openAll(page);
      const command = page.locator('[data-copy]').first();
      await command.getByRole('button', { name: 'Copy' }).click();
      await command.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate('navigator.clipboard.readText()');
      expect(copied).toBe(await command.locator('pre').innerText());
      expect(copied).toMatch(/^curl .*\$TOKEN_A/s);
    },
    LIMIT,
  );

  it(
    'what would be granted is told with the rules and the token, and what is refused with its rule',
    async () => {
      const page = await signedIn();
      await page.goto(`${base}/lab/evaluate`);
      await page.getByLabel('Client').selectOption('user-service');
      await page.getByLabel('Target').fill('message-service');
      await page.getByRole('button', { name: 'Evaluate' }).click();
      expect(await page.locator('#answer').innerText()).toBe('It would be permitted');
      expect(await page.locator('[data-claim="act"]').innerText()).toContain('user-service');
      await page.getByLabel('Scope').fill('message.delete');
      await page.getByRole('button', { name: 'Evaluate' }).click();
      expect(await page.locator('#answer').innerText()).toBe('It would be refused');
      await page.getByRole('button', { name: 'matrix' }).click();
      expect(await page.getByRole('cell', { name: /message\.read.*as baeldung, user-service acting/ }).count()).toBe(1);
    },
    LIMIT,
  );

  it(
    'the user sees who acted, and stops it: the token and what was made from it are over',
    async () => {
      const page = await signedIn();
      await page.goto(`${base}/lab/activity`);
      const line = page
        .locator('.activity > li')
        .filter({ hasText: 'user-service acted for you at message-service' })
        .first();
      expect(await line.locator('.status').first().innerText()).toBe('live');
      const live = (): Promise<number> =>
        page.locator('.activity > li .line-head .status', { hasText: 'live' }).count();
      const before = await live();
      await line.getByRole('button', { name: /^Stop/ }).click();
      expect(await page.getByRole('status').innerText()).toMatch(/^It has ended/);
      expect(await live()).toBe(before - 2);
    },
    LIMIT,
  );

  describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (colorScheme) => {
    it(
      'on the pages for everybody',
      async () => {
        const page = await world.openPage({ colorScheme });
        for (const path of PUBLIC) {
          await page.goto(base + path);
          expect(await faults(page)).toEqual([]);
        }
      },
      LIMIT,
    );

    it(
      'on the pages of a user, with everything open',
      async () => {
        const page = await signedIn({ colorScheme });
        await run(page, 'same-token');
        await openAll(page);
        expect(await faults(page)).toEqual([]);
        for (const path of OWN) {
          await page.goto(base + path);
          await openAll(page);
          expect(await faults(page)).toEqual([]);
        }
      },
      LIMIT,
    );
  });

  it(
    'no page is wider than a screen of 320 pixels, with everything open',
    async () => {
      const page = await signedIn({ viewport: { width: 320, height: 640 }, isMobile: true });
      await run(page, 'no-audience');
      await openAll(page);
      expect([page.url(), await overflow(page)]).toEqual([page.url(), 0]);
      for (const path of [...PUBLIC, ...OWN]) {
        await page.goto(base + path);
        await openAll(page);
        expect([path, await overflow(page)]).toEqual([path, 0]);
      }
    },
    LIMIT,
  );

  it(
    'needs no JavaScript',
    async () => {
      const page = await signedIn({ javaScriptEnabled: false });
      await run(page, 'same-token');
      expect(await verdicts(page)).toEqual(['refused', 'works']);
      await page.locator('.message summary').first().click();
      expect(await page.locator('.message .pairs').first().isVisible()).toBe(true);
    },
    LIMIT,
  );

  it(
    'can be worked by keyboard alone',
    async () => {
      const page = await signedIn();
      await page.goto(`${base}/lab/cards/same-token`);
      await tabTo(page, 'Run it: The same token everywhere');
      await page.keyboard.press('Enter');
      await page.locator('#result').waitFor();
      await page.locator('.message summary').first().focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('.message').first().getAttribute('open')).not.toBeNull();
    },
    LIMIT,
  );

  async function tabTo(page: Page, name: string): Promise<void> {
    for (let i = 0; i < 40; i += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) === name) return;
    }
    throw new Error(`${name} cannot be reached`);
  }

  it(
    'no button does anything without the token of its page',
    async () => {
      const page = await signedIn();
      const actions = new Set<string>();
      for (const path of OWN) {
        await page.goto(base + path);
        for (const form of await page.locator('form').all()) {
          expect(await form.getAttribute('method')).toBe('post');
          expect(await form.locator('input[name=csrf]').count()).toBe(1);
          actions.add((await form.getAttribute('action')) ?? '');
        }
      }
      expect(actions.size).toBeGreaterThan(20);
      for (const action of actions) {
        const forms: Record<string, string>[] = [{}, { csrf: 'x'.repeat(32) }];
        for (const form of forms) {
          const answer = await world.context.request.post(base + action, {
            form,
            headers: { origin: base },
            maxRedirects: 0,
          });
          expect([action, answer.status()]).toEqual([action, 403]);
        }
      }
    },
    LIMIT,
  );

  it.each([
    ['header-user', { 'X-User-ID': ATTACK }],
    ['impersonation', { Reason: ATTACK }],
    ['trusted-issuer', { 'User at the partner': ATTACK.slice(0, 60) }],
    ['too-much-scope', { scope: ATTACK }],
  ])(
    '%s: a script in a field is a text',
    async (id, fields) => {
      const page = await signedIn();
      await run(page, id, fields);
      await openAll(page);
      await expectHarmless(page);
      await page.goto(`${base}/lab/activity`);
      await openAll(page);
      await expectHarmless(page);
    },
    LIMIT,
  );

  it(
    'a script in a question, a run or an address is a text',
    async () => {
      const page = await signedIn();
      await page.goto(`${base}/lab/evaluate`);
      await page.getByLabel('Target').fill(ATTACK);
      await page.getByRole('button', { name: 'Evaluate' }).click();
      await expectHarmless(page);
      for (const path of ['/lab/cards/', '/lab/cards/same-token?run=', '/lab/activity?cursor=', '/?state=']) {
        await page.goto(base + path + encodeURIComponent(ATTACK));
        await expectHarmless(page);
      }
    },
    LIMIT,
  );

  async function expectHarmless(page: Page): Promise<void> {
    expect(await page.evaluate('[window.pwned, document.querySelectorAll("img[src=x]").length]')).toEqual([
      undefined,
      0,
    ]);
    expect(world.violations).toEqual([]);
  }

  it(
    'a run is shown to the session that ran it, and to no other',
    async () => {
      const page = await signedIn();
      await run(page, 'same-token');
      const address = page.url();
      await world.closePage();
      session = undefined;
      const other = await signedIn();
      await other.goto(address);
      expect([await heading(other), await other.locator('#result').count()]).toEqual(['The same token everywhere', 0]);
    },
    LIMIT,
  );

  describe('in production', () => {
    it(
      'the experiments are off, and a page says so',
      async () => {
        const settings = { ISSUER: world.server, NODE_ENV: 'production' };
        const app = new RunningApp('client-app', await freePort(), settings);
        try {
          await app.ready();
          const page = await world.openPage();
          await page.goto(`${app.url}/lab/cards/same-token`);
          expect(await heading(page)).toBe('The experiments are off');
          const answers = [
            await fetch(`${app.url}/lab/cards/same-token`, { method: 'POST', headers: { origin: app.url } }),
            await fetch(`${app.url}/lab/partner/jwks.json`),
          ];
          expect(answers.map(({ status }) => status)).toEqual([403, 404]);
        } finally {
          await app.stop();
        }
      },
      LIMIT,
    );

    it.each(['no-audience', 'believes-header', 'guard-without-audience'])('%s does not start', async (name) => {
      const env = {
        NODE_ENV: 'production',
        JWKS_URI: `${world.server}/oauth2/jwks`,
        ISSUER: world.server,
        AUDIENCE: 'a',
      };
      const child = fork(fileURLToPath(new URL(`${name}.js`, PROCESSES)), { env, silent: true });
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect([code, said]).toEqual([1, expect.stringMatching(/does not run in production/)]);
    });
  });

  it.each(['no-audience', 'believes-header'])(
    '%s is on loopback, and ends with whoever has started it',
    async (name) => {
      const env = { JWKS_URI: `${world.server}/oauth2/jwks`, ISSUER: world.server, AUDIENCE: 'a' };
      const child = fork(fileURLToPath(new URL(`${name}.js`, PROCESSES)), { env, silent: true });
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(401);
      child.disconnect();
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );

  it.each(['no-audience', 'believes-header'])('%s ends by itself when its 30 seconds are over', async (name) => {
    const env = { JWKS_URI: `${world.server}/oauth2/jwks`, ISSUER: world.server, AUDIENCE: 'a' };
    const child = fork(fileURLToPath(new URL(`${name}.js`, PROCESSES)), { env, silent: true, execArgv: FASTER });
    await once(child, 'message');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
