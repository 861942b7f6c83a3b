/** A user agent as far as logins need one: keeps cookies by origin, follows redirects by hand, sends forms. */
export class UserAgent {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers sent with every request */
  constructor(headers: Readonly<Record<string, string>> = {}) {
    this.#headers = headers;
  }

  async get(url: string): Promise<Response> {
    return this.#fetch(url, { method: 'GET' });
  }

  async submit(
    url: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { origin } = new URL(url);
    return this.#fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { origin, ...headers } });
  }

  /** Follows redirects, and pages that go on by themselves, until a page, or until one leads to `until`. */
  async follow(response: Response, until?: string): Promise<Response> {
    let current = response;
    for (let hops = 0; hops < 20; hops += 1) {
      const location = await nextOf(current);
      if (location === undefined) return current;
      const next = new URL(location, current.url).href;
      if (until !== undefined && next.startsWith(until)) return current;
      current = await this.get(next);
    }
    throw new Error('too many redirects');
  }

  /** The `Cookie` header of a request to this address. RFC 6265 §4.2 */
  cookies(url: string): string {
    return [...this.#jar(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers({ ...this.#headers, ...(init.headers as Record<string, string>) });
    headers.set('cookie', this.cookies(url));
    headers.set('accept', 'text/html');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.#keep(this.#jar(url), cookie);
    return response;
  }

  #keep(jar: Map<string, string>, cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(/;\s*/);
    const [name = '', ...value] = pair.split('=');
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice('expires='.length);
    if (expires !== undefined && Date.parse(expires) <= Date.now()) jar.delete(name);
    else jar.set(name, value.join('='));
  }

  // cookies ignore ports: http://localhost:8080 and http://localhost:9001 share one jar
  #jar(url: string): Map<string, string> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, jar);
    return jar;
  }
}

/** Where an answer leads: by a redirect, or as a page that goes on by itself. */
export async function nextOf(answer: Response): Promise<string | undefined> {
  const location = answer.headers.get('location');
  if (location !== null) return location;
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(await answer.clone().text()) ?? [];
  return address?.replaceAll('&amp;', '&');
}
