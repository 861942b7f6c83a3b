import { describe, expect, it } from '@jest/globals';
import { basic, postForm } from './form-post.js';
import { until } from './until.js';
import { claimsOf, heading, signIn, type World } from './browser-world.js';
import { JWT } from './jwt-pattern.js';

const REASON = 'the balance is wrong';

/** A support engineer sees what a customer sees, from the reason to the stop. */
export function supportPages(world: () => World): void {
  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    const open = async (username = 'support', customer = 'baeldung') => {
      const page = await world().openPage({ javaScriptEnabled });
      await page.goto(`${world().system.url('client-app')}/support`);
      await page.getByLabel('Customer').fill(customer);
      await page.getByLabel('Reason').fill(REASON);
      await page.getByLabel('Ticket').fill('T-4711');
      await page.getByRole('button', { name: 'Sign in and look' }).click();
      await signIn(page, 'password', username);
      return page;
    };

    it('signs in afresh, sees the page of the customer with a banner, and stops', async () => {
      const page = await open();
      await page.waitForURL('**/support/account');
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
      // it has ended at the server, too: the next one is not the second
      await (await open()).waitForURL('**/support/account');
      expect(world().violations).toEqual([]);
      await page.context().close();
      await stopAll();
    });

    it('sees that it has ended when an operator has stopped it', async () => {
      const page = await open();
      await page.waitForURL('**/support/account');
      expect(await stopAll()).toBe(1);
      // user-service learns it by the feed
      await until(async () => {
        await page.reload();
        return (await heading(page)) === 'You use nobody’s account';
      });
    });

    it.each([
      ['a customer', 'ada', 'baeldung'],
      ['an engineer who names oneself', 'support', 'support'],
      ['an engineer who names nobody', 'support', 'nobody'],
    ])('is closed to %s', async (_who, username, customer) => {
      const page = await open(username, customer);
      await page.waitForURL(/support\/callback|oauth2/);
      expect(await heading(page)).toBe('You may not use this account');
    });
  });

  /** As an operator; returns how many there were. */
  async function stopAll(): Promise<number> {
    const form = { grant_type: 'client_credentials', scope: 'impersonation.read impersonation.stop' };
    const { body } = await postForm(`${world().server}/oauth2/token`, form, {
      authorization: basic('operator', 'operator-secret'),
    });
    expect(claimsOf(body['access_token'])['aud']).toBe('auth-server');
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const answer = await fetch(`${world().server}/admin/impersonations`, { headers });
    const { impersonations } = (await answer.json()) as { impersonations: { id: string; ticket: string }[] };
    for (const { id, ticket } of impersonations) {
      expect(ticket).toBe('T-4711');
      const stopped = await fetch(`${world().server}/admin/impersonations/${id}`, { method: 'DELETE', headers });
      expect(stopped.status).toBe(204);
    }
    return impersonations.length;
  }
}
