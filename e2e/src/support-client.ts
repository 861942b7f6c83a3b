import { expect } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, logIn, postForm } from '@onbehalf/testing-internal';
import type { RunningSystem } from './browser-world.js';
import { Operator } from './operator.js';

const TOOL = { clientId: 'lab-support', authorization: basic('lab-support', 'lab-secret') };

/** The impersonations that are under way, as operators see them. */
export async function impersonationsOf(server: string): Promise<{ id: string; ticket?: string }[]> {
  const operator = await Operator.with('impersonation.read', server);
  const { impersonations } = (await (await operator.fetch('/admin/impersonations')).json()) as {
    impersonations: { id: string; ticket?: string }[];
  };
  return impersonations;
}

/** The support tool of the demo without its pages, with an engineer who has just signed in. */
export class Support {
  readonly #server: string;
  readonly #actorToken: string;

  private constructor(server: string, actorToken: string) {
    this.#server = server;
    this.#actorToken = actorToken;
  }

  static async signIn(system: { readonly server: string; readonly system: RunningSystem }): Promise<Support> {
    const redirectUri = `${system.system.url('client-app')}/support/callback`;
    const engineer = { ...TOOL, redirectUri, issuer: system.server, scope: 'impersonate', username: 'support' };
    const { body } = await logIn(engineer);
    return new Support(system.server, String(body['access_token']));
  }

  /** A token for user-service, of this customer. */
  use(customer: string, reason: string): Promise<string> {
    return this.#ask(TOOL.authorization, {
      subject_token: customer,
      subject_token_type: TokenType.UserId,
      actor_token: this.#actorToken,
      actor_token_type: TokenType.AccessToken,
      audience: 'user-service',
      reason,
    });
  }

  /** As one of the services. */
  exchange(client: 'user-service' | 'message-service', token: string, audience: string): Promise<string> {
    const subject = { subject_token: token, subject_token_type: TokenType.AccessToken };
    return this.#ask(basic(client, `${client}-secret`), { ...subject, audience });
  }

  /** As an operator. */
  async stop(id: string): Promise<void> {
    const operator = await Operator.with('impersonation.stop', this.#server);
    expect((await operator.fetch(`/admin/impersonations/${id}`, { method: 'DELETE' })).status).toBe(204);
  }

  async call(url: string, token: string): Promise<number> {
    return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  }

  async #ask(authorization: string, form: Readonly<Record<string, string>>): Promise<string> {
    const answer = await postForm(
      `${this.#server}/oauth2/token`,
      { grant_type: GrantType.TokenExchange, ...form },
      { authorization },
    );
    expect([answer.status, answer.body['error_description']]).toEqual([200, undefined]);
    return String(answer.body['access_token']);
  }
}
