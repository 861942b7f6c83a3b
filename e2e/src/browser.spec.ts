import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { System } from '../../tools/system.ts';
import { findChromium, launchChromium, NO_BROWSER } from './chromium.js';

const LIMIT = 30_000;
const isSkipped = findChromium() === undefined && !process.env['CI'];
if (isSkipped) console.warn(`The browser tests are skipped. ${NO_BROWSER}`);

(isSkipped ? describe.skip : describe)('a real browser', () => {
  let system: System;
  let browser: Browser;
  let context: BrowserContext;
  /** Every address that a page had, with its query. */
  let addresses: string[];
  let violations: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    system = await (await System.onFreePorts()).up();
  }, LIMIT);

  afterAll(async () => {
    await browser?.close();
    await system?.down();
  }, LIMIT);

  afterEach(() => context?.close());

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    addresses = [];
    violations = [];
    page.on('request', (request) => addresses.push(request.url()));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) violations.push(message.text());
    });
    return page;
  }

  async function signIn(page: Page, password = 'password'): Promise<void> {
    await page.getByLabel('User name').fill('baeldung');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText();

  /** The cells of one claim, in the order of the tokens. */
  async function claim(page: Page, name: string): Promise<string[]> {
    const cells = await page.locator(`tr[data-claim="${name}"] td pre`).allInnerTexts();
    return cells.map((text) => text.replace(/\s+/g, ' '));
  }

  it(
    'goes from the login to the message, and to the logout at the provider too',
    async () => {
      const page = await openPage();
      await page.goto(`${system.url('client-app')}/`);
      expect(new URL(page.url()).origin).toBe(system.url('auth-server'));

      await signIn(page, 'wrong');
      expect(await page.getByRole('alert').innerText()).toMatch(/wrong/);
      expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');
      expect(await page.getByLabel('Password').inputValue()).toBe('');

      await signIn(page);
      expect(page.url()).toBe(`${system.url('client-app')}/`);
      expect(await heading(page)).toBe("Hello 'baeldung (client-app)'");

      await page.getByRole('link', { name: 'Read your message' }).click();
      expect(new URL(page.url()).pathname).toBe('/api/user/message');
      expect(await page.locator('blockquote').innerText()).toMatch(/^Hello Baeldung!/);
      expect(await claim(page, 'sub')).toEqual(['baeldung', 'baeldung', 'baeldung']);
      expect(await claim(page, 'aud')).toEqual(['user-service', 'message-service', 'user-service']);
      expect(await claim(page, 'scope')).toEqual(['user.read', 'message.read', 'user.read']);
      expect(await claim(page, 'act')).toEqual([
        'none',
        '{ "sub": "user-service" }',
        '{ "sub": "message-service", "act": { "sub": "user-service" } }',
      ]);
      for (const name of ['aud', 'scope', 'act']) {
        expect(await page.locator(`tr[data-claim="${name}"] mark`).count()).toBe(2);
      }
      expect(await page.locator('tr[data-claim="sub"] mark').count()).toBe(0);

      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(new URL(page.url()).origin).toBe(system.url('auth-server'));
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(new URL(page.url()).origin).toBe(system.url('client-app'));
      expect(await heading(page)).toBe('You are signed out');

      // the provider has forgotten the user: it asks for the password again
      await page.getByRole('link', { name: 'Sign in' }).click();
      expect(await page.getByLabel('Password').isVisible()).toBe(true);
      expect(violations).toEqual([]);
    },
    LIMIT,
  );

  it(
    'never gets hold of a token: not in an address, a cookie, a storage or a page',
    async () => {
      const page = await openPage();
      await page.goto(`${system.url('client-app')}/api/user/message`);
      await signIn(page);
      expect(await heading(page)).toBe('Your message');
      const held = await page.evaluate(
        'JSON.stringify([document.documentElement.outerHTML, document.cookie, localStorage, sessionStorage])',
      );
      const { cookies, origins } = await context.storageState();
      await page.getByRole('button', { name: 'Sign out' }).click();
      // every JWT begins so
      for (const place of [held, cookies, origins, addresses]) expect(JSON.stringify(place)).not.toMatch(/eyJ[\w-]+/);
      expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toContainEqual(['client-app.sid', true]);
      expect(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax')).toBe(true);
    },
    LIMIT,
  );

  it(
    'stays signed in at the provider when the user wants to, and then is not asked for the password',
    async () => {
      const page = await openPage();
      await page.goto(`${system.url('client-app')}/`);
      await signIn(page);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Stay signed in' }).click();
      expect(await heading(page)).toBe('You are signed out');
      await page.getByRole('link', { name: 'Sign in' }).click();
      expect(await heading(page)).toBe("Hello 'baeldung (client-app)'");
    },
    LIMIT,
  );

  it(
    'needs no JavaScript',
    async () => {
      const page = await openPage({ javaScriptEnabled: false });
      await page.goto(`${system.url('client-app')}/`);
      await signIn(page, 'wrong');
      expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');
      await signIn(page);
      await page.getByRole('link', { name: 'Read your message' }).click();
      expect(await claim(page, 'aud')).toEqual(['user-service', 'message-service', 'user-service']);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(await heading(page)).toBe('You are signed out');
    },
    LIMIT,
  );

  it(
    'can be a phone: no page is wider than the screen',
    async () => {
      const page = await openPage({ viewport: { width: 320, height: 640 }, isMobile: true });
      const overflow = (): Promise<unknown> =>
        page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      await page.goto(`${system.url('client-app')}/`);
      expect([page.url(), await overflow()]).toEqual([page.url(), 0]);
      await signIn(page);
      expect(await overflow()).toBe(0);
      await page.getByRole('link', { name: 'Read your message' }).click();
      expect(await overflow()).toBe(0);
      expect(await page.getByRole('cell').first().isVisible()).toBe(true);
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(await overflow()).toBe(0);
    },
    LIMIT,
  );

  it.each(['user-service', 'message-service'] as const)(
    'shows the OpenAPI description of %s, which its security policy lets work',
    async (app) => {
      const page = await openPage();
      await page.goto(`${system.url(app)}/docs`);
      await page.locator('.opblock').first().waitFor();
      expect(await page.locator('.opblock-summary-path').first().innerText()).toMatch(/message/);
      expect(violations).toEqual([]);
    },
    LIMIT,
  );

  it(
    'can be worked by keyboard alone',
    async () => {
      const page = await openPage();
      await page.goto(`${system.url('client-app')}/`);
      await page.locator('#username:focus').waitFor();
      await page.keyboard.type('baeldung');
      await page.keyboard.press('Tab');
      await page.keyboard.type('password');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Read your message' }).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('location.hash')).toBe('#content');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.locator('blockquote').waitFor();
    },
    LIMIT,
  );
});
