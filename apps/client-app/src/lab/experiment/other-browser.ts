import { hash, randomBytes } from 'node:crypto';
import { readBounded } from '@onbehalf/jwt-verification';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where somebody signs in, and for which client. */
export interface SignIn {
  readonly authorizationEndpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
}

/** What the client gets for its token request. RFC 6749 §4.1.3, RFC 7636 §4.5 */
export interface SignedIn {
  readonly code: string;
  readonly verifier: string;
}

/** Milliseconds for one answer. */
const TIMEOUT = 10_000;
const MOST_REDIRECTS = 10;
const MOST_BYTES = 64 * 1024;
/** Of the demo, as everywhere in it. */
const PASSWORD = 'password';

/** Another browser, the user's or somebody else's, with a session of its own: what happens to that one leaves the visitor's alone. */
export class OtherBrowser {
  readonly #cookies = new Map<string, string>();

  constructor(private readonly fetch: Fetch) {}

  /** The `Cookie` header of its next request: its session. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /**
   * Signs in as a person does: by the page of the authorization server.
   * @returns undefined when the server does not let the user in
   */
  async signIn(user: string, client: SignIn): Promise<SignedIn | undefined> {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: client.redirectUri,
      scope: client.scope,
      state: randomBytes(16).toString('base64url'),
      // of OpenID Connect, which is refused without it
      ...(client.scope.split(' ').includes('openid') && { nonce: randomBytes(16).toString('base64url') }),
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
    });
    const form = await this.#follow(`${client.authorizationEndpoint}?${query.toString()}`, client.redirectUri);
    const { origin } = new URL(form);
    const body = new URLSearchParams({ username: user, password: PASSWORD });
    const next = await this.#send(form, { method: 'POST', body, headers: { origin } });
    if (next === undefined) return undefined;
    const back = new URL(await this.#follow(next, client.redirectUri));
    const code = back.searchParams.get('code');
    return code === null ? undefined : { code, verifier };
  }

  /** Follows redirects up to a page, or to the address of the client, which is not called. */
  async #follow(url: string, until: string): Promise<string> {
    let current = url;
    for (let hops = 0; hops < MOST_REDIRECTS && !current.startsWith(until); hops += 1) {
      const next = await this.#send(current, { method: 'GET' });
      if (next === undefined) break;
      current = next;
    }
    return current;
  }

  /** @returns where the answer leads; `undefined`: it is a page that waits for somebody */
  async #send(url: string, init: RequestInit): Promise<string | undefined> {
    const headers = { ...(init.headers as Record<string, string>), accept: 'text/html', cookie: this.cookies };
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await this.fetch(url, { ...init, headers, redirect: 'manual', signal });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const [name = '', ...value] = pair.split('=');
      this.#cookies.set(name, value.join('='));
    }
    const next = response.headers.get('location') ?? refreshOf(await readBounded(response, MOST_BYTES));
    return next === undefined ? undefined : new URL(next, url).href;
  }
}

/** Where a page leads that goes on by itself. */
function refreshOf(page: string): string | undefined {
  return /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
}
