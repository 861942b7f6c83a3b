import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from './until.js';
import { accountSwitch } from './browser-visits.js';
import { heading, signIn, type World } from './browser-world.js';
import { impersonationsOf, Support } from './support-client.js';
import { JWT } from './jwt-pattern.js';

const REASON = 'the balance is wrong';
/** From the answer to the stop on, every guard refuses. Milliseconds. */
const SOON = 5_000;

/** A support engineer sees what a customer sees, from the reason to the stop. */
export function supportPages(world: () => World): void {
  const url = (path: string): string => world().system.url('client-app') + path;

  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    const enter = async (username = 'support'): Promise<Page> => {
      const page = await world().openPage({ javaScriptEnabled });
      await page.goto(url('/support'));
      await page.getByRole('button', { name: 'Sign in as an engineer' }).click();
      await signIn(page, 'password', username);
      return page;
    };
    const find = async (page: Page, text: string): Promise<void> => {
      await page.getByLabel('Name of the customer').fill(text);
      await page.getByRole('button', { name: 'Search' }).click();
    };
    const use = async (): Promise<Page> => {
      const page = await enter();
      await find(page, 'Baeld');
      await page.getByRole('radio', { name: 'Baeldung (baeldung)' }).check();
      await page.getByLabel('Reason').fill(REASON);
      await page.getByLabel('Ticket').fill('T-4711');
      await page.getByRole('button', { name: 'Use the account' }).click();
      await page.waitForURL('**/support/account');
      return page;
    };

    it('signs in afresh, sees the page of the customer with a banner, and stops', async () => {
      const page = await use();
      expect(await heading(page)).toBe('The message of baeldung');
      expect(await page.locator('blockquote').innerText()).toContain('Baeldung');
      const banner = page.getByRole('status');
      expect(await banner.innerText()).toMatch(
        /support uses the account of baeldung: the balance is wrong\. 30 minutes left/,
      );
      expect(world().addresses.join()).not.toMatch(JWT);
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.waitForURL('**/support/account');
      expect(await heading(page)).toBe('You use nobody’s account');
      // it has ended at the server, too
      expect(await impersonationsOf(world().server)).toEqual([]);
      expect(world().violations).toEqual([]);
    });

    it('the customer sees who it is, why and until when, and stops it: the engineer is shut out', async () => {
      const engineer = await use();
      const context = await world().browser.newContext({ javaScriptEnabled });
      try {
        context.setDefaultTimeout(10_000);
        const page = await context.newPage();
        await page.goto(url('/login'));
        await signIn(page);
        await page.waitForURL(url('/'));
        await page.goto(url('/lab/activity'));
        const line = page.locator('.activity > li').filter({ hasText: 'used your account' }).first();
        expect(await line.innerText()).toMatch(/support, by lab-support, used your account at user-service/);
        expect(await line.locator('q').innerText()).toBe(REASON);
        expect(await line.innerText()).toMatch(/until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
        expect(await line.locator('time').getAttribute('datetime')).toMatch(/^20\d\d-/);
        await line.getByRole('button', { name: /^Stop what support/ }).click();
        expect(await page.getByRole('status').innerText()).toMatch(/^It has ended/);
      } finally {
        await context.close();
      }
      await until(async () => {
        await engineer.reload();
        return (await heading(engineer)) === 'You use nobody’s account';
      }, SOON);
      expect(await impersonationsOf(world().server)).toEqual([]);
    }, 60_000);

    it('chooses among those who are called so, and finds nobody whose account is closed', async () => {
      await accountSwitch(world).disable('eve');
      const page = await enter();
      await page.waitForURL('**/support/customers');
      await find(page, 'LOVELACE');
      expect(await page.getByRole('radio').count()).toBe(3);
      for (const nobody of ['support', 'no such name', '"><img src=x>']) {
        await find(page, nobody);
        expect(await page.getByRole('status').innerText()).toBe('Nobody whose account you may use is called so.');
        expect(await page.getByRole('radio').count()).toBe(0);
      }
      expect(world().violations).toEqual([]);
    });

    it('is closed to a customer', async () => {
      const page = await enter('ada');
      expect(await heading(page)).toBe('You may not use this account');
    });
  });

  it('a stop reaches every guard within five seconds, for all that was exchanged', async () => {
    const support = await Support.signIn(world());
    const first = await support.use('baeldung', REASON);
    const second = await support.exchange('user-service', first, 'message-service');
    const third = await support.exchange('message-service', second, 'user-service');
    const held = [
      ['user-service', '/user/message', first],
      ['message-service', '/message', second],
      ['user-service', '/user/profile', third],
    ] as const;
    const statuses = (): Promise<number[]> =>
      Promise.all(held.map(([app, path, token]) => support.call(world().system.url(app) + path, token)));
    expect(await statuses()).toEqual([200, 200, 200]);
    const [live] = await impersonationsOf(world().server);
    await support.stop(live!.id);
    await until(async () => (await statuses()).every((status) => status === 401), SOON);
  });
}
