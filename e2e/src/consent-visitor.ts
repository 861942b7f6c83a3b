import { createHash, randomBytes } from 'node:crypto';
import { type Answer, basic, postForm, UserAgent } from '@onbehalf/testing-internal';

export const CALLBACK = 'https://client.example/callback';
const NATIVE = 'http://127.0.0.1:8400/callback';
const VERIFIER = randomBytes(32).toString('base64url');

export interface Visit {
  /** What the user was shown, in order. */
  readonly pages: string[];
  /** What the client was answered. */
  readonly answer: URLSearchParams;
}

/** A user in a browser, who goes through a login and answers what is asked, and the client that sent it. */
export class ConsentVisitor {
  readonly #agent: UserAgent;

  constructor(
    private readonly issuer: string,
    private readonly password: string,
    private readonly secret: string,
    private readonly username = 'ada',
    agent = new UserAgent(),
  ) {
    this.#agent = agent;
  }

  /** The same browser at another replica. */
  at(issuer: string): ConsentVisitor {
    return new ConsentVisitor(issuer, this.password, this.secret, this.username, this.#agent);
  }

  visit(clientId: string, scope: string, more: Record<string, string> = {}, decision = 'allow'): Promise<Visit> {
    const query = new URLSearchParams(parameters(clientId, scope, more));
    return this.#go(`${this.issuer}/oauth2/authorize?${query.toString()}`, redirectUri(clientId), decision);
  }

  /** RFC 9126 */
  async push(clientId: string, scope: string): Promise<Visit> {
    const { body } = await this.#ask(clientId, '/oauth2/par', parameters(clientId, scope));
    const query = new URLSearchParams({ client_id: clientId, request_uri: String(body['request_uri']) });
    return this.#go(`${this.issuer}/oauth2/authorize?${query.toString()}`, redirectUri(clientId), 'allow');
  }

  redeem(clientId: string, answer: URLSearchParams): Promise<Answer> {
    const code = answer.get('code') ?? answer.toString();
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri(clientId) };
    return this.#ask(clientId, '/oauth2/token', { ...fields, code_verifier: VERIFIER });
  }

  async tokens(clientId: string, scope: string): Promise<Record<string, unknown>> {
    return (await this.redeem(clientId, (await this.visit(clientId, scope)).answer)).body;
  }

  refresh(clientId: string, token: unknown): Promise<Answer> {
    return this.#ask(clientId, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: String(token) });
  }

  exchange(clientId: string, token: unknown, audience: string): Promise<Answer> {
    return this.#ask(clientId, '/oauth2/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: String(token),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience,
    });
  }

  introspect(clientId: string, token: unknown): Promise<Answer> {
    return this.#ask(clientId, '/oauth2/introspect', { token: String(token) });
  }

  /** The page that tells who has access. */
  async consents(): Promise<{ readonly status: number; readonly clients: string[]; readonly formToken: string }> {
    const page = await this.#agent.get(`${this.issuer}/account/consents`);
    const text = await page.text();
    const clients = [...text.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, name = '']) => name);
    return { status: page.status, clients, formToken: /name="form_token" value="([^"]*)"/.exec(text)?.[1] ?? '' };
  }

  async withdraw(
    clientId: string,
    more: Record<string, string | undefined> = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const fields = { client_id: clientId, form_token: (await this.consents()).formToken, ...more };
    const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.#agent.submit(`${this.issuer}/account/consents`, Object.fromEntries(given), headers);
  }

  async #go(address: string, until: string, decision: string): Promise<Visit> {
    const pages: string[] = [];
    let answer = await this.#agent.follow(await this.#agent.get(address), until);
    while (!answer.headers.get('location')?.startsWith(until) && pages.length < 4) {
      const kind = new URL(answer.url).pathname.split('/')[1] ?? '';
      pages.push(kind);
      const form: Record<string, string> =
        kind === 'login' ? { username: this.username, password: this.password } : { decision };
      answer = await this.#agent.follow(await this.#agent.submit(answer.url, form), until);
    }
    return { pages, answer: new URL(answer.headers.get('location') ?? 'about:blank').searchParams };
  }

  #ask(clientId: string, path: string, fields: Record<string, string>): Promise<Answer> {
    return clientId.startsWith('native')
      ? postForm(this.issuer + path, { ...fields, client_id: clientId })
      : postForm(this.issuer + path, fields, { authorization: basic(clientId, this.secret) });
  }
}

function redirectUri(clientId: string): string {
  return clientId.startsWith('native') ? NATIVE : CALLBACK;
}

function parameters(clientId: string, scope: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(clientId),
    scope,
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
}
