import { createHash, randomBytes } from 'node:crypto';
import { type Answer, basic, type Fields, postForm, toAnswer, UserAgent } from '@onbehalf/testing-internal';

/** Where a request of the client ends: at a page of the server, or back at the client with an answer. */
export interface Stop {
  readonly page: Response;
  readonly answer?: URLSearchParams;
}

export interface Party {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
}

/** A client of OpenID Connect and the browser of its user, one step at a time. */
export class RelyingParty {
  readonly verifier = randomBytes(32).toString('base64url');
  readonly nonce = randomBytes(8).toString('hex');
  readonly state = randomBytes(8).toString('hex');

  constructor(
    readonly party: Party,
    readonly agent = new UserAgent(),
  ) {}

  /** The address of a request; a parameter that is `undefined` is left out. */
  address(more: Readonly<Record<string, string | undefined>> = {}): string {
    const fields = {
      response_type: 'code',
      client_id: this.party.clientId,
      redirect_uri: this.party.redirectUri,
      scope: 'openid',
      state: this.state,
      nonce: this.nonce,
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    };
    const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return `${this.party.issuer}/oauth2/authorize?${new URLSearchParams(given).toString()}`;
  }

  async ask(more: Readonly<Record<string, string | undefined>> = {}): Promise<Stop> {
    return this.#stop(await this.agent.get(this.address(more)));
  }

  /** The request by POST. OpenID Connect Core §3.1.2.1 */
  async post(more: Readonly<Record<string, string | undefined>> = {}): Promise<Stop> {
    const { origin, pathname, searchParams } = new URL(this.address(more));
    return this.#stop(await this.agent.submit(origin + pathname, Object.fromEntries(searchParams)));
  }

  /** Sends the form of the page. */
  async submit({ page }: Stop, fields: Readonly<Record<string, string>>): Promise<Stop> {
    return this.#stop(await this.agent.submit(page.url, fields));
  }

  signIn(at: Stop): Promise<Stop> {
    const { username, password } = this.party;
    return this.submit(at, { username, password });
  }

  /** A whole login: signs in and consents where the server asks. */
  async logIn(more: Readonly<Record<string, string | undefined>> = {}): Promise<URLSearchParams> {
    let stop = await this.ask(more);
    if (stop.page.url.includes('/login/')) stop = await this.signIn(stop);
    if (stop.page.url.includes('/consent/')) stop = await this.submit(stop, { decision: 'allow' });
    return stop.answer ?? new URLSearchParams();
  }

  redeem(answer: URLSearchParams, more: Fields = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const { clientId, secret, issuer, redirectUri: redirect_uri } = this.party;
    const code = answer.get('code') ?? 'none came';
    const fields = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: this.verifier, ...more };
    return postForm(`${issuer}/oauth2/token`, fields, { authorization: basic(clientId, secret), ...headers });
  }

  /** The tokens of a whole login. */
  async tokens(more: Readonly<Record<string, string | undefined>> = {}): Promise<Record<string, unknown>> {
    return (await this.redeem(await this.logIn(more))).body;
  }

  async userinfo(token: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const authorization = `Bearer ${String(token)}`;
    return toAnswer(await fetch(`${this.party.issuer}/userinfo`, { headers: { authorization, ...headers } }));
  }

  async #stop(first: Response): Promise<Stop> {
    const page = await this.agent.follow(first, this.party.redirectUri);
    const location = page.headers.get('location');
    return location === null ? { page } : { page, answer: new URL(location).searchParams };
  }
}
