import { expect } from '@jest/globals';
import type { Page, Response } from 'playwright-core';
import { request } from './browser-sites.js';
import { signIn, type World } from './browser-world.js';
import { Operator } from './operator.js';

/** An account, by its user name, may sign in, or not. */
type Switch = (username: string) => Promise<Record<string, string>>;

export interface Visits {
  /** Sends the page from the site to the authorization server. */
  readonly ask: (page: Page, more?: Readonly<Record<string, string>>) => Promise<Response | null>;
  /** Signs baeldung in at the site; the tokens of that sign-in. */
  readonly begin: (more?: Readonly<Record<string, string>>) => Promise<{ page: Page; tokens: Record<string, unknown> }>;
}

export function visits(world: () => World, javaScriptEnabled: boolean): Visits {
  const ask: Visits['ask'] = (page, more = {}) =>
    page.goto(`${world().server}/oauth2/authorize?${request(world().sites, more).toString()}`);
  return {
    ask,
    begin: async (more = {}) => {
      const page = await world().openPage({ javaScriptEnabled });
      await ask(page, more);
      await signIn(page);
      await page.waitForURL(world().sites.arrived);
      return { page, tokens: await world().redeem() };
    },
  };
}

/** Lets accounts sign in, or not. */
export function accountSwitch(world: () => World): { readonly enable: Switch; readonly disable: Switch } {
  const change = async (username: string, enabled: boolean): Promise<Record<string, string>> => {
    const operator = await Operator.with('registrations.read registrations.write', world().server);
    const read = await operator.fetch(`/admin/users/${username}`);
    const document = (await read.json()) as Record<string, unknown>;
    // what the server alone says
    for (const name of ['id', 'origin', 'signedOutAt', 'file']) delete document[name];
    const headers = { 'content-type': 'application/json', 'if-match': read.headers.get('etag') ?? '' };
    const body = JSON.stringify({ ...document, enabled });
    const changed = await operator.fetch(`/admin/users/${username}`, { method: 'PUT', headers, body });
    expect([changed.status, changed.ok || (await changed.text())]).toEqual([200, true]);
    return {};
  };
  return {
    enable: (username: string) => change(username, true),
    disable: (username: string) => change(username, false),
  };
}
