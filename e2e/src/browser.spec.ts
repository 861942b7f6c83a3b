import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { System } from '../../tools/system.ts';
import { accountPages } from './browser-account.js';
import { consentPages } from './browser-consent.js';
import { signInPages } from './browser-sign-in.js';
import { supportPages } from './browser-support.js';
import { heading, signIn, World } from './browser-world.js';
import { findChromium, NO_BROWSER } from './chromium.js';
import { JWT } from './jwt-pattern.js';

const LIMIT = 30_000;
const isSkipped = findChromium() === undefined && !process.env['CI'];
if (isSkipped) console.warn(`The browser tests are skipped. ${NO_BROWSER}`);

(isSkipped ? describe.skip : describe)('a real browser', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.open(async (path) => (await System.onFreePorts({ AUTH_SERVER_CONFIG: path })).up());
  }, LIMIT);

  afterAll(() => world?.close(), LIMIT);
  afterEach(() => world?.closePage());

  const openPage = (options?: BrowserContextOptions): Promise<Page> => world.openPage(options);
  const url = (app: Parameters<World['system']['url']>[0]): string => world.system.url(app);

  describe('sign-in and sign-out', () => signInPages(() => world));
  describe('consent', () => consentPages(() => world));
  describe('support', () => supportPages(() => world));
  describe.each([
    { colorScheme: 'light', javaScriptEnabled: true },
    { colorScheme: 'dark', javaScriptEnabled: false },
  ] as const)('who has access, %j', (setting) => accountPages(() => world, setting));

  /** The cells of one claim, in the order of the tokens. */
  async function claim(page: Page, name: string): Promise<string[]> {
    const cells = await page.locator(`tr[data-claim="${name}"] td pre`).allInnerTexts();
    return cells.map((text) => text.replace(/\s+/g, ' '));
  }

  it(
    'goes from the login to the message, and to the logout at the provider too',
    async () => {
      const page = await openPage();
      await page.goto(`${url('client-app')}/`);
      await page.getByRole('link', { name: 'Sign in as the demo user' }).click();
      expect(new URL(page.url()).origin).toBe(url('auth-server'));
      expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');

      await signIn(page, 'wrong');
      expect(await page.getByRole('alert').innerText()).toMatch(/wrong/);
      expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');
      expect(await page.getByLabel('Password').inputValue()).toBe('');

      await signIn(page);
      await page.waitForURL(`${url('client-app')}/`);
      expect(await heading(page)).toBe("Hello 'baeldung (client-app)'");

      await page.getByRole('link', { name: 'Read your message' }).click();
      expect(new URL(page.url()).pathname).toBe('/api/user/message');
      expect(await page.locator('blockquote').innerText()).toMatch(/^Hello Baeldung!/);
      expect(await claim(page, 'sub')).toEqual(['baeldung', 'baeldung', 'baeldung']);
      expect(await claim(page, 'aud')).toEqual(['user-service', 'message-service', 'user-service']);
      expect(await claim(page, 'scope')).toEqual(['user.read', 'message.read', 'user.read']);
      const iss = url('auth-server');
      expect(await claim(page, 'act')).toEqual([
        'none',
        `{ "sub": "user-service", "iss": "${iss}" }`,
        `{ "sub": "message-service", "iss": "${iss}", "act": { "sub": "user-service", "iss": "${iss}" } }`,
      ]);
      for (const name of ['aud', 'scope', 'act']) {
        expect(await page.locator(`tr[data-claim="${name}"] mark`).count()).toBe(2);
      }
      expect(await page.locator('tr[data-claim="sub"] mark').count()).toBe(0);

      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(new URL(page.url()).origin).toBe(url('client-app'));
      expect(await heading(page)).toBe('You are signed out');

      // the provider has forgotten the user: it asks for the password again
      await page.getByRole('link', { name: 'Sign in again' }).click();
      expect(await page.getByLabel('Password').isVisible()).toBe(true);
      expect(world.violations).toEqual([]);
    },
    LIMIT,
  );

  it(
    'never gets hold of a token: not in an address, a cookie, a storage or a page',
    async () => {
      const page = await openPage();
      await page.goto(`${url('client-app')}/api/user/message`);
      await signIn(page);
      await page.waitForURL(`${url('client-app')}/api/user/message`);
      expect(await heading(page)).toBe('Your message');
      const held = await page.evaluate(
        'JSON.stringify([document.documentElement.outerHTML, document.cookie, localStorage, sessionStorage])',
      );
      const { cookies, origins } = await world.context.storageState();
      await page.getByRole('button', { name: 'Sign out' }).click();
      for (const place of [held, cookies, origins, world.addresses]) expect(JSON.stringify(place)).not.toMatch(JWT);
      expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toContainEqual(['client-app.sid', true]);
      expect(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax')).toBe(true);
    },
    LIMIT,
  );

  it(
    'needs no JavaScript',
    async () => {
      const page = await openPage({ javaScriptEnabled: false });
      await page.goto(`${url('client-app')}/login`);
      await signIn(page, 'wrong');
      expect(await page.getByLabel('User name').inputValue()).toBe('baeldung');
      await signIn(page);
      await page.getByRole('link', { name: 'Read your message' }).click();
      expect(await claim(page, 'aud')).toEqual(['user-service', 'message-service', 'user-service']);
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
      await page.goto(`${url('client-app')}/`);
      expect([page.url(), await overflow()]).toEqual([page.url(), 0]);
      await page.getByRole('link', { name: 'Sign in as the demo user' }).click();
      expect([page.url(), await overflow()]).toEqual([page.url(), 0]);
      await signIn(page);
      await page.waitForURL(`${url('client-app')}/`);
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
      await page.goto(`${url(app)}/docs`);
      await page.locator('.opblock').first().waitFor();
      expect(await page.locator('.opblock-summary-path').first().innerText()).toMatch(/message/);
      expect(world.violations).toEqual([]);
    },
    LIMIT,
  );

  it(
    'can be worked by keyboard alone',
    async () => {
      const page = await openPage();
      await page.goto(`${url('client-app')}/login`);
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
