export interface Page {
  readonly url: string;
  readonly status: number;
  readonly location: string | undefined;
  readonly headers: Headers;
  readonly body: string;
}

/** Follows redirects and keeps cookies by name alone, as a browser does for all ports of one host. */
export class Browser {
  readonly setCookies: string[] = [];
  readonly #cookies: Map<string, string>;

  constructor(cookies: Record<string, string> = {}) {
    this.#cookies = new Map(Object.entries(cookies));
  }

  copy(): Browser {
    return new Browser(Object.fromEntries(this.#cookies));
  }

  names(): string[] {
    return [...this.#cookies.keys()];
  }

  cookie(name: string): string {
    return this.#cookies.get(name) ?? '';
  }

  async request(url: string, options: RequestInit & { headers?: Record<string, string> } = {}): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...options, redirect: 'manual', headers: { ...options.headers, cookie } });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const location = response.headers.get('location');
    return {
      url,
      status: response.status,
      location: location === null ? undefined : new URL(location, url).href,
      headers: response.headers,
      body: await response.text(),
    };
  }

  /** Sends the form of a page: what is hidden in it, and what else is given. */
  async submit(
    url: string,
    headers: Record<string, string> = { origin: new URL(url).origin },
    more: Record<string, string> = {},
  ): Promise<Page> {
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec((await this.request(new URL('/', url).href)).body) ?? [];
    const body = new URLSearchParams({ csrf, ...more });
    return this.request(url, { method: 'POST', headers, body });
  }

  async open(url: string): Promise<Page> {
    let page = await this.request(url);
    for (let i = 0; page.location !== undefined && i < 10; i += 1) page = await this.request(page.location);
    return page;
  }

  /** Stops before it would go to an address that begins so, and gives that address. */
  async openUntil(url: string, stop: string): Promise<string> {
    let next = url;
    for (let i = 0; !next.startsWith(stop) && i < 10; i += 1) next = (await this.request(next)).location ?? '';
    return next;
  }

  #keep(line: string): void {
    this.setCookies.push(line);
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
