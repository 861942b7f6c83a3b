import type { CookieOptions, Request, Response } from 'express';
import type { SharedRecords } from '../store/shared-records.js';

/** Logins that a browser has under way at a time; of more, the oldest go. */
const MOST = 5;
/**
 * Names that one replica gives them, in turn, and replicas that have names of their own. A browser that begins a hundred at once, before
 * it has a cookie to tell of, has so many cookies then: 5 KiB of the 8 KiB that proxies take.
 */
const NAMES = 20;
const GROUPS = 5;
/** Cookies that one answer ends: proxies take 4 KiB of headers. */
const MOST_ENDED = 24;

/** A cookie, and the secret in it. */
export interface LoginCookie {
  readonly name: string;
  readonly secret: string;
}

/** The cookies by which a browser proves that it has begun a login: a secret for each, and never more than there are names. */
export class LoginCookies {
  readonly #prefix: string;
  readonly #options: CookieOptions;
  /** The number of this replica, which no other one has. */
  #replica: Promise<number> | undefined;
  #last = 0;

  /** @param life seconds */
  constructor(
    publicUrl: string,
    life: number,
    private readonly records: Pick<SharedRecords, 'next'>,
  ) {
    const secure = publicUrl.startsWith('https:');
    this.#prefix = `${secure ? '__Host-' : ''}client-app.login.`;
    this.#options = { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: life * 1000 };
  }

  /** Gives the browser another one. */
  async add(request: Request, response: Response, secret: string): Promise<void> {
    const held = this.#held(request);
    const name = await this.#freeName(held);
    this.#endOldest(response, held, MOST - 1);
    response.cookie(name, secret, this.#options);
  }

  /** The cookie whose secret it is. */
  find(request: Request, isIt: (secret: string) => boolean): LoginCookie | undefined {
    return this.#held(request).find(({ secret }) => isIt(secret));
  }

  /** Takes one away from the browser, and of the others what are too many. */
  end(request: Request, response: Response, { name }: LoginCookie): void {
    this.#end(response, name);
    const others = this.#held(request).filter((cookie) => cookie.name !== name);
    this.#endOldest(response, others, MOST);
  }

  /** In the order in which the browser tells them. RFC 6265 §5.4: the oldest first */
  #held({ headers }: Request): readonly LoginCookie[] {
    const pairs = (headers.cookie ?? '').split(/; */).map((pair) => pair.split('=', 2) as [string, string?]);
    return pairs.flatMap(([name, secret = '']) => (name.startsWith(this.#prefix) ? [{ name, secret }] : []));
  }

  /** Replicas have names of their own, so that logins that a browser begins at several of them at once do not meet. */
  async #freeName(held: readonly LoginCookie[]): Promise<string> {
    this.#replica ??= this.records.next('replica').catch((error: unknown) => {
      this.#replica = undefined;
      throw error;
    });
    const first = ((await this.#replica) % GROUPS) * NAMES;
    const isHeld = (place: number): boolean => held.some(({ name }) => name === this.#prefix + String(first + place));
    let place = (this.#last + 1) % NAMES;
    for (let tried = 1; tried < NAMES && isHeld(place); tried += 1) place = (place + 1) % NAMES;
    this.#last = place;
    return this.#prefix + String(first + place);
  }

  #endOldest(response: Response, held: readonly LoginCookie[], most: number): void {
    const tooMany = held.slice(0, Math.max(held.length - most, 0));
    for (const { name } of tooMany.slice(0, MOST_ENDED)) this.#end(response, name);
  }

  /** As short as it may be: there may be many. RFC 6265 §5.2.2 */
  #end(response: Response, name: string): void {
    response.append('Set-Cookie', `${name}=; Max-Age=0; Path=/${this.#options.secure ? '; Secure' : ''}`);
  }
}
