import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { visits } from './browser-visits.js';
import { heading, signIn, type World } from './browser-world.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Milliseconds. */
const LIMIT = 30_000;

/** How a browser is set up: narrow, and in one of the colour schemes. */
export interface Setting {
  readonly colorScheme: 'light' | 'dark';
  readonly javaScriptEnabled: boolean;
}

/** What users do about who has access: on a narrow screen, by keyboard, in their language. */
export function accountPages(world: () => World, { colorScheme, javaScriptEnabled }: Setting): void {
  const { ask } = visits(world, javaScriptEnabled);
  const open = (): Promise<Page> =>
    world().openPage({ colorScheme, javaScriptEnabled, viewport: { width: 320, height: 640 } });

  it(
    'gives consent and takes it back by keyboard, in German',
    async () => {
      const page = await open();
      await ask(page, { prompt: 'consent', ui_locales: 'de', scope: 'openid profile offline_access user.read' });
      await page.locator('input:focus').waitFor();
      await page.keyboard.type('ada');
      await page.keyboard.press('Tab');
      await page.keyboard.type('password');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/consent/*');
      expect(await heading(page)).toBe('Zugriff erlauben?');
      await check(page);
      await press(page, 'Erlauben');
      await page.waitForURL(world().sites.arrived);
      expect(world().sites.answer.has('code')).toBe(true);

      await page.goto(`${world().server}/account/consents?ui_locales=de`);
      expect(await heading(page)).toBe('Wer Zugriff hat');
      // others may be there, too
      expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toContain('site');
      await check(page);
      await press(page, 'Den Zugriff von site zurücknehmen');
      await page.getByRole('status').waitFor();
      expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).not.toContain('site');
      await check(page);
    },
    LIMIT,
  );

  it(
    'tells who is not signed in, and what is too large, on pages',
    async () => {
      const page = await open();
      expect((await page.goto(`${world().server}/account/consents?ui_locales=de`))?.status()).toBe(401);
      await check(page);
      await ask(page);
      await signIn(page, 'x'.repeat(200_000));
      expect(await heading(page)).toBe('This did not work');
      await check(page);
    },
    LIMIT,
  );

  it(
    'tells who guesses to wait, on a page',
    async () => {
      const page = await open();
      const guessed = `nobody ${colorScheme}`;
      for (let attempt = 0; attempt < 12; attempt += 1) {
        await ask(page, { ui_locales: 'de' });
        await signInInGerman(page, 'wrong', guessed);
        if ((await heading(page)) === 'Bitte warten') break;
      }
      expect(await heading(page)).toBe('Bitte warten');
      await check(page);
      // nobody else waits
      await ask(page);
      await signIn(page, 'password', 'ada');
      await page.waitForURL(world().sites.arrived);
    },
    LIMIT,
  );

  /** Nothing is cut off, nothing was refused by the policy, and axe finds nothing. */
  async function check(page: Page): Promise<void> {
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect([page.url(), await page.evaluate(overflow)]).toEqual([page.url(), 0]);
    expect(world().violations).toEqual([]);
    // it does not run where no script does
    if (!javaScriptEnabled) return;
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
  }
}

async function signInInGerman(page: Page, password: string, username = 'ada'): Promise<void> {
  await page.getByLabel('Benutzername').fill(username);
  await page.getByLabel('Passwort').fill(password);
  await page.getByRole('button', { name: 'Anmelden' }).click();
}

/** Walks with the Tab key to the button, which has to show that it has the focus, and presses it. */
async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  const isFocused = (): Promise<boolean> => button.evaluate((element) => element.matches(':focus-visible'));
  for (let steps = 0; steps < 20 && !(await isFocused()); steps += 1) await page.keyboard.press('Tab');
  expect(await button.evaluate((element) => element.matches(':focus-visible'))).toBe(true);
  await page.keyboard.press('Enter');
}
