/** The requests that the cases send, each with the check of its answer. */
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { json, send } from './http-client.ts';
import type { Variant } from './measure.ts';
import { credentials } from './server-config.ts';
import { chain, type Keys, type SubjectToken } from './tokens.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded', authorization: credentials('user-service') };

export interface ExchangeTarget {
  readonly name: string;
  /** The server, or several in turns. */
  readonly urls: readonly string[];
  readonly pids: readonly number[];
  readonly path?: string;
  readonly issuer: string;
  readonly subjects: readonly SubjectToken[];
  readonly keys: Keys;
  readonly audience?: string;
  readonly depth?: number;
}

/** Exchanges for message-service at the token endpoint; the issued token's signature, chain and claims are verified. */
export function exchangeVariant(target: ExchangeTarget): Variant {
  const { issuer, subjects, audience = 'message-service', depth = 0 } = target;
  const act = { sub: 'user-service', ...(depth > 0 && { act: chain(depth) }) };
  const claims = { aud: audience, scope: 'message.read', client_id: 'user-service', act };
  const check = target.keys.check(issuer, claims);
  const requests = subjects.map(({ token: subject_token, sub }) => ({
    sub,
    body: form({
      grant_type: GrantType.TokenExchange,
      subject_token,
      subject_token_type: TokenType.AccessToken,
      audience,
      scope: 'message.read',
    }),
  }));
  return {
    name: target.name,
    pids: () => target.pids,
    send: async (index) => {
      const url = `${target.urls[index % target.urls.length]}${target.path ?? '/oauth2/token'}`;
      const { sub, body } = requests[index % requests.length]!;
      const answer = json(await send(url, { method: 'POST', headers: FORM, body }));
      await check(answer['access_token'], { sub });
    },
  };
}

/** A token of the client itself from the same server. RFC 6749 §4.4 */
export function clientCredentialsVariant(name: string, { issuer, url, pid }: Server, keys: Keys): Variant {
  const check = keys.check(issuer, { sub: 'user-service', aud: 'user-service', scope: 'user.read' });
  const body = form({ grant_type: GrantType.ClientCredentials, scope: 'user.read' });
  return {
    name,
    pids: () => [pid],
    send: async () => {
      const answer = json(await send(`${url}/oauth2/token`, { method: 'POST', headers: FORM, body }));
      await check(answer['access_token']);
    },
  };
}

interface Server {
  readonly issuer: string;
  readonly url: string;
  readonly pid: number;
}

/** A GET with a bearer token, whose answer is handed to `check`. */
export function getVariant(
  name: string,
  pids: readonly number[],
  url: string,
  token: ((index: number) => string) | undefined,
  check: (answer: Record<string, unknown>) => boolean,
): Variant {
  return {
    name,
    pids: () => pids,
    send: async (index) => {
      const answer = json(await send(url, token && { headers: { authorization: `Bearer ${token(index)}` } }));
      if (!check(answer)) throw new Error(`unexpected answer ${JSON.stringify(answer).slice(0, 300)}`);
    },
  };
}

/** The page with the message of user-0, for a session unless it needs none; it must show three calls. */
export function pageVariant(
  name: string,
  pids: readonly number[],
  url: string,
  session?: (index: number) => string,
): Variant {
  return {
    name,
    pids: () => pids,
    send: async (index) => {
      const { status, body } = await send(url, session && { headers: { cookie: session(index) } });
      const right = status === 200 && body.includes('>Hello user-0! ') && body.includes('by 3 calls');
      if (!right) throw new Error(`answered ${status}: ${body.slice(0, 300)}`);
    },
  };
}

function form(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}
