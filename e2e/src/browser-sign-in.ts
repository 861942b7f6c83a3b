import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { request } from './browser-sites.js';
import { accountSwitch, visits } from './browser-visits.js';
import { claimsOf, heading, signIn, type World } from './browser-world.js';

/** Whatever a browser is sent through between a client and the end of its way, with JavaScript and without. */
export function signInPages(world: () => World): void {
  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    const { enable, disable } = accountSwitch(world);
    const { ask, begin } = visits(world, javaScriptEnabled);

    it('a login lets the chain of redirects through that begins at the callback', async () => {
      const { tokens } = await begin();
      expect(claimsOf(tokens['id_token'])['sub']).toBe('baeldung');
      expect(world().violations).toEqual([]);
    });

    it.each<[string, (tokens: Record<string, unknown>) => Promise<Record<string, string>>]>([
      ['prompt=login', () => Promise.resolve({ prompt: 'login' })],
      ['max_age=0', () => Promise.resolve({ max_age: '0' })],
      ['id_token_hint of another user', async () => ({ id_token_hint: await idTokenOf('ada') })],
      ['a session whose account is disabled', () => disable('eve')],
    ])('another user can sign in, and the code is of that user: %s', async (_case, parameters) => {
      const first = _case.includes('disabled') ? 'eve' : 'baeldung';
      await enable('eve');
      const page = await world().openPage({ javaScriptEnabled });
      await ask(page);
      await signIn(page, 'password', first);
      await page.waitForURL(world().sites.arrived);
      const tokens = await world().redeem();
      await ask(page, await parameters(tokens));
      await signIn(page, 'password', 'ada');
      await page.waitForURL(world().sites.arrived);
      expect(claimsOf((await world().redeem())['id_token'])['sub']).toBe('ada');
      // nor does the next request get a code of the session before
      await ask(page);
      await page.waitForURL(world().sites.arrived);
      expect(claimsOf((await world().redeem())['id_token'])['sub']).toBe('ada');
      expect(world().violations).toEqual([]);
    });

    it.each<[string, Record<string, string>, string]>([
      ['success', {}, 'code'],
      ['an error', { prompt: 'none', max_age: '0' }, 'error'],
    ])('response_mode=form_post hands over %s by POST', async (_case, more, member) => {
      const { page } = await begin();
      await ask(page, { response_mode: 'form_post', ...more });
      if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(world().sites.arrived);
      expect([world().sites.method, world().sites.answer.has(member)]).toEqual(['POST', true]);
      expect(world().violations).toEqual([]);
    });

    it('a request for a login may come by POST', async () => {
      const page = await world().openPage({ javaScriptEnabled });
      const query = request(world().sites);
      query.set('action', `${world().server}/oauth2/authorize`);
      await page.goto(`${world().sites.client}/form?${query.toString()}`);
      await page.getByRole('button').click();
      await signIn(page);
      await page.waitForURL(world().sites.arrived);
      expect(world().sites.answer.get('state')).toBe(query.get('state'));
    });

    describe('a logout', () => {
      const logout = (more: Readonly<Record<string, string>>) =>
        new URLSearchParams({ client_id: 'site', post_logout_redirect_uri: world().sites.signedOut, ...more });

      it('asks, and then lets the chain of redirects through', async () => {
        const { page } = await begin();
        await page.goto(`${world().server}/connect/logout?${logout({}).toString()}`);
        expect(await heading(page)).toBe('Sign out?');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL(world().sites.arrived);
        await expectSignedOut(page);
      });

      it('without a session goes to where the client wants it at once', async () => {
        const page = await world().openPage({ javaScriptEnabled });
        await page.goto(`${world().server}/connect/logout?${logout({}).toString()}`);
        await page.waitForURL(world().sites.arrived);
        expect(world().violations).toEqual([]);
      });

      it('without a session and a client says that nobody is signed in', async () => {
        const page = await world().openPage({ javaScriptEnabled });
        await page.goto(`${world().server}/connect/logout`);
        expect(await heading(page)).toBe('Signed out');
      });

      it('by POST with an id_token_hint needs no question, and puts the token into no address', async () => {
        const { page, tokens } = await begin();
        const query = logout({ id_token_hint: String(tokens['id_token']), action: `${world().server}/connect/logout` });
        await page.goto(`${world().sites.client}/form?${query.toString()}`);
        world().addresses.length = 0;
        await page.getByRole('button').click();
        await page.waitForURL(world().sites.arrived);
        expect(world().addresses.join()).not.toContain(String(tokens['id_token']));
        await expectSignedOut(page);
      });

      it.each(['baeldung'])('by a logout_hint that is not the session (%j) asks', async (hint) => {
        const { page } = await begin();
        await page.goto(`${world().server}/connect/logout?${logout({ logout_hint: hint }).toString()}`);
        expect(await heading(page)).toBe('Sign out?');
        await page.getByRole('button', { name: 'Stay signed in' }).click();
        await page.waitForURL(world().sites.arrived);
        await ask(page);
        await page.waitForURL(world().sites.arrived);
      });

      async function expectSignedOut(page: Page): Promise<void> {
        await ask(page);
        expect(await heading(page)).toBe('Sign in');
        expect(world().violations).toEqual([]);
      }
    });

    /** An ID token of another user, who signed in elsewhere. */
    async function idTokenOf(username: string): Promise<string> {
      const elsewhere = await world().browser.newContext();
      const page = await elsewhere.newPage();
      await ask(page);
      await signIn(page, 'password', username);
      await page.waitForURL(world().sites.arrived);
      await elsewhere.close();
      return String((await world().redeem())['id_token']);
    }
  });
}
