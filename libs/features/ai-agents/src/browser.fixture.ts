import { createHash, randomBytes } from 'node:crypto';
import { PASSWORD } from './registrations.fixture.js';

/** A browser as far as the pages of the server need one: keeps cookies, follows redirects to the server, sends forms. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  constructor(
    private readonly issuer: string,
    private readonly url: () => string,
  ) {}

  async get(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; url: string }> {
    return this.#follow(await this.#send(path, { headers }), path);
  }

  async submit(path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
    const init = {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    };
    return this.#follow(await this.#send(path, init), path);
  }

  /** Sends the form of a page with what its hidden fields hold. */
  async answerForm(path: string, fields: Record<string, string | undefined>, headers: Record<string, string> = {}) {
    const { text } = await this.get(path);
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const form: Record<string, string | undefined> = {
      ...Object.fromEntries(hidden.map(([, name = '', value]) => [name, value])),
      ...fields,
    };
    const given = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.submit(path, Object.fromEntries(given), headers);
  }

  /** Signs somebody in at the client that people use. */
  async signIn(username: string): Promise<this> {
    const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'app',
      redirect_uri: 'http://localhost:8080/callback',
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const login = await this.get(`/oauth2/authorize?${query}`);
    await this.submit(login.url, { username, password: PASSWORD });
    return this;
  }

  async #follow(response: Response, path: string): Promise<{ status: number; text: string; url: string }> {
    const text = await response.text();
    const [, refresh] = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(text) ?? [];
    const location = response.headers.get('location') ?? refresh?.replaceAll('&amp;', '&');
    if (location === undefined || location === null) return { status: response.status, text, url: path };
    const next = new URL(location, this.issuer);
    if (next.origin !== this.issuer) return { status: response.status, text, url: location };
    const onwards = next.pathname + next.search;
    return this.#follow(await this.#send(onwards, {}), onwards);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    headers.set('accept', 'text/html');
    const response = await fetch(this.url() + path, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  }
}
