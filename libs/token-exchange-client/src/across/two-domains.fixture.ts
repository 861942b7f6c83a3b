import { randomUUID } from 'node:crypto';
import { TokenType } from '@onbehalf/oauth-protocol';
import {
  startTestServer,
  type Answering,
  type ReceivedRequest,
  type TestAnswer,
  type TestServer,
} from '@onbehalf/testing';
import type { DownstreamClient } from '../downstream/downstream-client.js';
import type { DownstreamDefinition } from '../downstream/downstream-definition.js';
import type { TokenExchangeOptions } from '../options/token-exchange-options.js';
import { onBehalfOf, type SubjectToken } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { Across } from './across.js';

/** The authorization server and a service of this domain, and those of the other one. */
export const PLACES = ['home', 'near', 'partner', 'orders'] as const;
export type Place = (typeof PLACES)[number];

/** A JWT with these claims whose signature nobody checks here. */
export function jwt(claims: object, typ = 'JWT'): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', typ })}.${part({ jti: randomUUID(), ...claims })}.c2lnbmF0dXJl`;
}

/** Two authorization servers with a service behind each, which keep what they were sent and what they gave. */
export class TwoDomains {
  /** Every token and secret there is, with those who may be sent it. */
  readonly known = new Map<string, Place>();
  readonly idToken = this.#knownAt('home', jwt({ sub: 'baeldung', aud: 'client-app' }));
  readonly accessToken = this.#knownAt('home', jwt({ sub: 'baeldung', aud: 'user-service' }));
  readonly secrets = {
    home: this.#knownAt('home', `of-home-${randomUUID()}`),
    partner: this.#knownAt('partner', `of-partner-${randomUUID()}`),
  };
  readonly #servers: Readonly<Record<Place, TestServer>>;

  private constructor(servers: Readonly<Record<Place, TestServer>>) {
    this.#servers = servers;
    for (const place of PLACES) this.behave(place, this.usual(place));
  }

  static async open(): Promise<TwoDomains> {
    const servers = await Promise.all(PLACES.map(async (place) => [place, await startTestServer(() => ({}))] as const));
    return new TwoDomains(Object.fromEntries(servers) as Record<Place, TestServer>);
  }

  close(): Promise<unknown> {
    return Promise.all(Object.values(this.#servers).map((server) => server.close()));
  }

  url(place: Place): string {
    return this.#servers[place].url;
  }

  /** Requests for tokens, or of the service. */
  asked(place: Place): readonly ReceivedRequest[] {
    return this.#servers[place].requests.filter(({ path }) => !path.startsWith('/.well-known/'));
  }

  forms(place: Place): readonly Record<string, string>[] {
    return this.asked(place).map(({ form }) => Object.fromEntries(form));
  }

  /** What this one answers when nothing is wrong. */
  usual(place: Place): Answering {
    return { home: this.#home, partner: this.#partner, near: this.#shown, orders: this.#shown }[place].bind(this);
  }

  /** Answers so from now on, metadata apart. */
  behave(place: Place, answering: Answering): void {
    const issuer = this.url(place);
    const metadata = { issuer, token_endpoint: `${issuer}/token`, response_types_supported: ['code'] };
    this.#servers[place].answering = (request) =>
      request.path.startsWith('/.well-known/') ? { body: metadata } : answering(request);
  }

  /** What is in place of metadata. */
  tell(place: Place, metadata: object): void {
    this.#servers[place].answering = () => ({ body: metadata });
  }

  across(more: Partial<Across> = {}): Across {
    return {
      kind: 'id-jag',
      audience: this.url('partner'),
      resource: this.url('orders'),
      scope: 'order.read',
      clientAuthentication: {
        method: 'client_secret_basic',
        clientId: 'app-at-partner',
        clientSecret: this.secrets.partner,
      },
      ...more,
    };
  }

  service(options: Partial<TokenExchangeOptions> = {}): TokenExchangeService {
    return new TokenExchangeService({
      issuer: this.url('home'),
      clientAuthentication: { method: 'client_secret_post', clientId: 'app', clientSecret: this.secrets.home },
      ...options,
    });
  }

  client(
    across: Partial<Across> = {},
    service = this.service(),
    more: Partial<DownstreamDefinition> = {},
  ): DownstreamClient {
    return service.downstream({ name: 'orders', baseUrl: this.url('orders'), across: this.across(across), ...more });
  }

  /** Runs work for the user who has signed in, as an application does. */
  signedIn<T>(work: () => T, token = this.idToken): T {
    const subject: SubjectToken = { token, type: TokenType.IdToken };
    return onBehalfOf(subject, work);
  }

  /** Tokens and secrets that somebody was sent whom they are not for. */
  strays(): readonly string[] {
    return PLACES.flatMap((place) =>
      this.#servers[place].requests.flatMap((request) =>
        [...this.known].flatMap(([secret, of], index) =>
          of !== place && holds(request, secret) ? [`${index}, which is for ${of}, at ${place}`] : [],
        ),
      ),
    );
  }

  /** A token for this place alone. */
  newToken(place: Place, claims: object, typ?: string): string {
    return this.#knownAt(place, jwt(claims, typ));
  }

  #knownAt(place: Place, secret: string): string {
    this.known.set(secret, place);
    return secret;
  }

  #home({ form }: ReceivedRequest): TestAnswer {
    const type = form.get('requested_token_type') ?? TokenType.AccessToken;
    const isGrant = type !== TokenType.AccessToken;
    const place = isGrant ? 'partner' : 'near';
    const token = this.newToken(place, { aud: form.get('audience'), sub: form.get('subject_token')?.slice(-5) });
    return {
      body: { access_token: token, issued_token_type: type, token_type: isGrant ? 'N_A' : 'Bearer', expires_in: 300 },
    };
  }

  #partner(): TestAnswer {
    const token = this.newToken('orders', { aud: 'order-service', sub: 'b.aeldung' }, 'at+jwt');
    return { body: { access_token: token, token_type: 'Bearer', expires_in: 300, scope: 'order.read' } };
  }

  #shown({ headers }: ReceivedRequest): TestAnswer {
    return { body: { seen: headers.authorization } };
  }
}

// both are of letters that no encoding changes
function holds({ path, headers, body }: ReceivedRequest, secret: string): boolean {
  const credentials = Buffer.from((headers.authorization ?? '').replace(/^\w+ /, ''), 'base64').toString();
  return [path, JSON.stringify(headers), body, credentials].some((text) => text.includes(secret));
}
