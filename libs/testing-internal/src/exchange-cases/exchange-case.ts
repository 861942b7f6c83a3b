import { randomUUID } from 'node:crypto';
import { systemClock, TokenType, GrantType, type OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';

/** Everybody who signs something in the exchange cases. */
export interface ExchangeWorld {
  /** The authorization server under test; signs with the server's own key. */
  readonly server: TestIssuer;
  /** An issuer that nobody trusts. */
  readonly stranger: TestIssuer;
  /** Thumbprint of the DPoP key that the caller proves where a case says so. */
  readonly callerKey: string;
  /** The time that tokens are made for, in seconds since the epoch. */
  readonly now: number;
}

/** Parameters that differ from those of a request that is granted; `undefined` leaves one out, a list repeats it. */
export type FormMutation = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the server must answer: an error, or members of the response and claims of the issued token. */
export type ExpectedAnswer =
  | { readonly error: OAuthErrorCode; readonly parameters?: Readonly<Record<string, string | number>> }
  | { readonly claims: (world: ExchangeWorld) => Readonly<Record<string, unknown>>; readonly response?: object };

/** One request and its answer. */
export interface ExchangeCase {
  /** The row of the table of bad input that it stands for. */
  readonly row: number;
  readonly name: string;
  /** The feature that the server needs for it, beside what RFC 8693 itself defines. */
  readonly feature?: string;
  /** The authenticated client. Default `user-service`. */
  readonly client?: string;
  /** Whether the caller proves {@link ExchangeWorld.callerKey}. */
  readonly proof?: boolean;
  readonly send: (world: ExchangeWorld) => FormMutation | Promise<FormMutation>;
  readonly expected: ExpectedAnswer;
}

/** A world with fresh keys. Give `server` where the server under test has keys of its own. */
export async function createExchangeWorld(given: Partial<ExchangeWorld> = {}): Promise<ExchangeWorld> {
  return {
    server: given.server ?? (await createTestIssuer({ issuer: 'http://localhost:9001' })),
    stranger: await createTestIssuer({ issuer: 'https://stranger.example' }),
    callerKey: randomUUID(),
    now: systemClock(),
    ...given,
  };
}

/** The subject token of the scenario: what user-service receives from the user's browser application. */
export function subjectToken(
  { server }: ExchangeWorld,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return server.token({
    sub: 'baeldung',
    aud: 'user-service',
    client_id: 'client-app',
    scope: 'user.read',
    ...overrides,
  });
}

/** A token by which a service proves to be itself. */
export function actorToken(
  { server }: ExchangeWorld,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return server.token({ sub: 'user-service', client_id: 'user-service', aud: 'user-service', ...overrides });
}

/** The form of a case: the request of the scenario with the mutation of the case applied. */
export async function exchangeForm(world: ExchangeWorld, send: ExchangeCase['send']): Promise<URLSearchParams> {
  const parameters = {
    grant_type: GrantType.TokenExchange,
    subject_token: await subjectToken(world),
    subject_token_type: TokenType.AccessToken,
    audience: 'message-service',
    scope: 'message.read',
    ...(await send(world)),
  };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value ?? []].flat()) form.append(name, one);
  }
  return form;
}
