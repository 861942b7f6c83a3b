import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';

/** Calls admin endpoints with a token of the demo's operator. */
export class Operator {
  readonly #server: string;
  readonly #authorization: string;

  private constructor(server: string, token: string) {
    this.#server = server;
    this.#authorization = `Bearer ${token}`;
  }

  /** An operator, or another client of the demo, whose token holds this scope. */
  static async with(scope: string, server: string, client = 'operator'): Promise<Operator> {
    const credentials = { authorization: basic(client, `${client}-secret`) };
    const grant = { grant_type: GrantType.ClientCredentials, scope };
    const { body } = await postForm(`${server}/oauth2/token`, grant, credentials);
    return new Operator(server, String(body['access_token']));
  }

  /** The same one, at another replica. */
  at(server: string): Operator {
    return new Operator(server, this.#authorization.replace('Bearer ', ''));
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', this.#authorization);
    return fetch(this.#server + path, { ...init, headers });
  }
}
