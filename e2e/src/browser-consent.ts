import { describe, expect, it } from '@jest/globals';
import { basic, postForm } from '@onbehalf/testing-internal';
import { accountSwitch, visits } from './browser-visits.js';
import { claimsOf, heading, signIn, SITE_SECRET, type World } from './browser-world.js';

/** What users are told and asked, and what a login gives, with JavaScript and without. */
export function consentPages(world: () => World): void {
  describe.each([true, false])('with JavaScript: %s', (javaScriptEnabled) => {
    const { enable, disable } = accountSwitch(world);
    const { ask, begin } = visits(world, javaScriptEnabled);

    it('the address of the server itself tells people what it is', async () => {
      const page = await world().openPage({ javaScriptEnabled });
      expect((await page.goto(world().server))?.status()).toBe(200);
      await page.getByRole('link', { name: 'metadata' }).click();
      expect(page.url()).toBe(`${world().server}/.well-known/openid-configuration`);
      expect(world().violations).toEqual([]);
    });

    it('login_hint is in the field for the user name', async () => {
      const page = await world().openPage({ javaScriptEnabled });
      await ask(page, { login_hint: 'ada"><b>' });
      expect(await page.getByLabel('User name').inputValue()).toBe('ada"><b>');
    });

    it('prompt=none is login_required when the account of the session is disabled', async () => {
      await enable('eve');
      const page = await world().openPage({ javaScriptEnabled });
      await ask(page);
      await signIn(page, 'password', 'eve');
      await page.waitForURL(world().sites.arrived);
      await disable('eve');
      await ask(page, { prompt: 'none' });
      await page.waitForURL(world().sites.arrived);
      expect(world().sites.answer.get('error')).toBe('login_required');
    });

    it('one login gives a token for user-service and for /userinfo', async () => {
      const { tokens } = await begin({ scope: 'openid profile user.read' });
      const userinfo = (token: unknown) =>
        fetch(`${world().server}/userinfo`, { headers: { authorization: `Bearer ${String(token)}` } });
      const answer = await userinfo(tokens['access_token']);
      const names = { sub: 'baeldung', name: 'Baeldung', preferred_username: 'baeldung' };
      expect([answer.status, await answer.json()]).toEqual([200, names]);
      const { aud, jti } = claimsOf(tokens['access_token']);
      expect(aud).toBe('user-service');
      // what names the token is none
      expect((await userinfo(jti)).status).toBe(401);
      const token = String(tokens['access_token']);
      const site = { authorization: basic('site', SITE_SECRET) };
      expect((await postForm(`${world().server}/oauth2/revoke`, { token }, site)).status).toBe(200);
      expect((await userinfo(tokens['access_token'])).status).toBe(401);
    });

    it.each(['/oauth2/authorize', '/oauth2/authorize?state=' + 'x'.repeat(9000), '/oauth2/%74oken', '/nothing'])(
      'what is refused is a page: %s',
      async (path) => {
        const page = await world().openPage({ javaScriptEnabled });
        const answer = await page.goto(world().server + path);
        expect(answer?.status()).toBeGreaterThanOrEqual(400);
        expect(await heading(page)).toBe('This did not work');
        expect(world().violations).toEqual([]);
      },
    );

    it.each([
      ['offline_access', {}],
      ['prompt=consent', { prompt: 'consent' }],
    ])('asks for consent, and gives access that outlives the session, for %s', async (_case, more) => {
      const page = await world().openPage({ javaScriptEnabled });
      const user = javaScriptEnabled ? 'ida' : 'ina';
      await ask(page, { scope: 'openid offline_access user.read', ...more });
      await signIn(page, 'password', user);
      expect(await heading(page)).toBe('Allow access?');
      expect(await page.getByRole('listitem').allInnerTexts()).toHaveLength(3);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(world().sites.arrived);
      const tokens = await world().redeem();
      expect(tokens['scope']).toBe('openid offline_access user.read');
      await page.goto(`${world().server}/connect/logout?client_id=site`);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You can close this page.').waitFor();
      const refreshed = await world().refresh(tokens['refresh_token']);
      expect([refreshed['error'], claimsOf(refreshed['access_token'])['sub']]).toEqual([undefined, user]);
      expect(world().violations).toEqual([]);
    });

    it('a consent that is denied is access_denied, and grants nothing', async () => {
      const { page } = await begin();
      await ask(page, { prompt: 'consent', scope: 'openid offline_access user.read' });
      await page.getByRole('button', { name: 'Deny' }).click();
      await page.waitForURL(world().sites.arrived);
      expect(world().sites.answer.get('error')).toBe('access_denied');
      await ask(page, { prompt: 'none' });
      await page.waitForURL(world().sites.arrived);
      expect((await world().redeem())['scope']).toBe('openid profile');
    });

    it('without offline_access the refresh token ends with the session', async () => {
      const { page, tokens } = await begin({ scope: 'openid user.read' });
      await page.goto(`${world().server}/connect/logout?client_id=site`);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You can close this page.').waitFor();
      expect((await world().refresh(tokens['refresh_token']))['error']).toBe('invalid_grant');
    });
  });
}
