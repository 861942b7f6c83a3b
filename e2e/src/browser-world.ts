import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { basic, postForm } from '@onbehalf/testing-internal';
import { launchChromium } from './chromium.js';
import { DEMO, configurationFile } from './demo-file.js';
import { Sites, VERIFIER } from './browser-sites.js';

export const SITE_SECRET = 'the-secret-of-the-site';

/** What is asked of the demo. */
export interface RunningSystem {
  url(app: 'auth-server' | 'client-app' | 'user-service' | 'message-service'): string;
  down(): Promise<void>;
}

/** What the tests in a real browser share: the demo, a further client with its sites, and the browser. */
export class World {
  /** Every address that the page had, with its query. */
  addresses: string[] = [];
  /** What the browser refused because of a Content-Security-Policy. */
  violations: string[] = [];
  #context: BrowserContext | undefined;

  private constructor(
    readonly browser: Browser,
    readonly system: RunningSystem,
    readonly sites: Sites,
  ) {}

  /** @param start starts the demo with this configuration file */
  static async open(start: (configuration: string) => Promise<RunningSystem>): Promise<World> {
    const browser = await launchChromium();
    const sites = await Sites.open();
    const system = await start(configuration(sites));
    return new World(browser, system, sites);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.system.down();
    await this.sites.close();
  }

  get server(): string {
    return this.system.url('auth-server');
  }

  get context(): BrowserContext {
    if (!this.#context) throw new Error('no page is open');
    return this.#context;
  }

  /** A page of a browser that has been nowhere. */
  async openPage(options: BrowserContextOptions = {}): Promise<Page> {
    this.#context = await this.browser.newContext(options);
    this.#context.setDefaultTimeout(10_000);
    const page = await this.#context.newPage();
    this.addresses = [];
    this.violations = [];
    page.on('request', (request) => this.addresses.push(request.url()));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) this.violations.push(message.text());
    });
    return page;
  }

  async closePage(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  /** The tokens for the code that came to the callback of the site. */
  redeem(): Promise<Record<string, unknown>> {
    const code = this.sites.answer.get('code') ?? '';
    const more = { redirect_uri: this.sites.callback, code_verifier: VERIFIER };
    return this.#ask({ grant_type: 'authorization_code', code, ...more });
  }

  refresh(token: unknown): Promise<Record<string, unknown>> {
    return this.#ask({ grant_type: 'refresh_token', refresh_token: String(token) });
  }

  async #ask(fields: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
    const { body } = await postForm(`${this.server}/oauth2/token`, fields, {
      authorization: basic('site', SITE_SECRET),
    });
    return body;
  }
}

export async function signIn(page: Page, password = 'password', username = 'baeldung'): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Of the page that one arrives at: the one that only leads on is left by itself. */
export const heading = (page: Page): Promise<string> =>
  page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'One moment' }).innerText();

/** The claims of a JWT, unverified. */
export function claimsOf(token: unknown): Record<string, unknown> {
  return JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** The demo's, with a client of the tests and further users whose password is the demo's. */
function configuration(sites: Sites): string {
  const client = {
    clientId: 'site',
    secret: SITE_SECRET,
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [sites.callback],
    postLogoutRedirectUris: [sites.signedOut],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'user.read'],
    defaultResource: 'user-service',
  };
  const [, passwordHash] = /passwordHash: (\S+)/.exec(DEMO) ?? [];
  const users = ['ada', 'eve', 'ida', 'ina'].map((username) => ({
    username,
    passwordHash,
    name: `${username} lovelace`,
  }));
  return configurationFile(
    DEMO.replace(/^clients:$/m, `clients:\n  - ${JSON.stringify(client)}`).replace(
      /^users:$/m,
      ['users:', ...users.map((user) => `  - ${JSON.stringify(user)}`)].join('\n'),
    ),
  );
}
