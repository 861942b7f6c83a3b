import { randomUUID } from 'node:crypto';
import {
  TokenRejection,
  verifyAccessToken,
  type TrustedIssuer,
  type VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import { GrantType, OAuthError, systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { readTokenRequest, type TokenRequest } from './exchange-request.js';
import type { ExchangeRule } from './exchange-rules.js';
import { createTestIssuer, type ServedTestIssuer, type TestIssuerOptions } from './test-issuer.js';
import { startTestServer, type ReceivedRequest, type TestAnswer } from './test-server.js';

/** What a test exchange allows, and to whom. */
export interface TestExchangeOptions extends Pick<TestIssuerOptions, 'algorithm' | 'audience' | 'clock'> {
  /** What is allowed; without a rule that fits, a request is refused. */
  readonly rules: readonly ExchangeRule[];
  /** Clients and their secrets. Default: `test-client` with a random one. */
  readonly clients?: Readonly<Record<string, string>>;
  /** Further issuers whose tokens can be exchanged, beside its own. */
  readonly issuers?: readonly TrustedIssuer[];
}

/** One request to the token endpoint, and what was answered. */
export interface RecordedExchange {
  /** Absent where the client was not authenticated, or the request was malformed. */
  readonly clientId?: string;
  readonly grantType?: string;
  readonly targets: readonly string[];
  readonly scopes: readonly string[];
  /** The verified subject token; absent where there is none, or where it was refused. */
  readonly subject?: VerifiedAccessToken;
  /** All parameters, as they came. */
  readonly form: URLSearchParams;
  readonly status: number;
  /** `error` of a refusal. */
  readonly error?: string;
}

/** An authorization server for tests, on a free port of 127.0.0.1. It is an issuer as well: its tokens can be exchanged. */
export interface TestExchange extends ServedTestIssuer {
  readonly tokenEndpoint: string;
  /** May be replaced at any time. */
  rules: readonly ExchangeRule[];
  /** All requests to the token endpoint so far. */
  readonly requests: RecordedExchange[];
  /** What it answers instead, such as `() => ({ status: 503 })` for an outage; `undefined` lets the rules decide again. */
  answering: ((request: ReceivedRequest) => TestAnswer | undefined) | undefined;
  /** For `TokenExchangeModule.forRoot`: its issuer, and the credentials of a client, the first one unless told. */
  options(clientId?: string): TestExchangeClient;
}

/** How a client reaches the exchange. */
export interface TestExchangeClient {
  readonly issuer: string;
  readonly clientAuthentication: {
    readonly method: 'client_secret_basic';
    readonly clientId: string;
    readonly clientSecret: string;
  };
}

/**
 * Starts a token endpoint that answers by rules: real HTTP, real signatures, and the error codes of RFC 8693 §2.2.2, RFC 6749 §5.2 and
 * RFC 8707 §2. It keeps everything in memory. It authenticates clients by `client_secret_basic` and `client_secret_post`.
 */
export async function createTestExchange(options: TestExchangeOptions): Promise<TestExchange> {
  const { clients = { 'test-client': randomUUID() }, issuers = [], clock = systemClock, ...rest } = options;
  const server = await startTestServer(() => ({}));
  const issuer = await createTestIssuer({ ...rest, clock, issuer: server.url });
  const tokenEndpoint = `${server.url}/token`;
  const exchange: TestExchange = {
    ...issuer,
    tokenEndpoint,
    jwksUri: `${server.url}/jwks`,
    rules: options.rules,
    requests: [],
    answering: undefined,
    options: (clientId = Object.keys(clients)[0] ?? '') => {
      const clientSecret = clients[clientId];
      if (clientSecret === undefined) throw new TypeError(`${clientId} is no client of this test exchange`);
      return { issuer: issuer.issuer, clientAuthentication: { method: 'client_secret_basic', clientId, clientSecret } };
    },
    close: () => server.close(),
  };
  const metadata = { issuer: issuer.issuer, token_endpoint: tokenEndpoint, jwks_uri: exchange.jwksUri };
  const documents: Readonly<Record<string, unknown>> = {
    '/.well-known/openid-configuration': metadata,
    '/.well-known/oauth-authorization-server': metadata,
    '/jwks': issuer.jwks,
  };
  server.answering = (request) => {
    if (Object.hasOwn(documents, request.path)) return { body: documents[request.path] };
    if (request.path !== '/token') return { status: 404, body: { error: 'not_found' } };
    return answerToken(exchange, { clients, issuers: [issuer, ...issuers], clock }, request);
  };
  return exchange;
}

interface Registered {
  readonly clients: Readonly<Record<string, string>>;
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
}

async function answerToken(
  exchange: TestExchange,
  { clients, ...trusted }: Registered,
  request: ReceivedRequest,
): Promise<TestAnswer> {
  const known: { asked?: TokenRequest; subject?: VerifiedAccessToken } = {};
  const answer = exchange.answering?.(request) ?? (await decide().catch(toRefusal));
  const { clientId, grantType, targets = [], scopes = [] } = known.asked ?? {};
  const { error } = (answer.body ?? {}) as { error?: string };
  exchange.requests.push({
    ...(clientId !== undefined && { clientId, grantType }),
    ...(known.subject && { subject: known.subject }),
    ...{ targets, scopes, form: request.form, status: answer.status ?? 200 },
    ...(error !== undefined && { error }),
  });
  return answer;

  async function decide(): Promise<TestAnswer> {
    const asked = (known.asked = readTokenRequest(request, clients));
    const { subjectToken, actorToken } = asked;
    const subject = subjectToken === undefined ? undefined : await verify('subject_token', subjectToken, trusted);
    const actor =
      actorToken === undefined ? asked.clientId : (await verify('actor_token', actorToken, trusted)).subject;
    if (subject) known.subject = subject;
    return issue(exchange, asked, { subject, actor, now: trusted.clock() });
  }
}

interface Parties {
  /** Absent: the client asks for itself. */
  readonly subject: VerifiedAccessToken | undefined;
  readonly actor: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

async function issue(
  exchange: TestExchange,
  asked: TokenRequest,
  { subject, actor, now }: Parties,
): Promise<TestAnswer> {
  const rule = ruleFor(exchange.rules, asked);
  if (rule.refuse !== undefined) throw new OAuthError(rule.refuse, 'A rule of the test refuses it');
  if (subject && rule.subjectAudience !== undefined && !subject.audiences.includes(rule.subjectAudience)) {
    throw new OAuthError('invalid_request', 'subject_token is for another service');
  }
  const { scopes = [], mode = 'delegation', claims } = rule;
  if (asked.scopes.some((scope) => !scopes.includes(scope))) {
    throw new OAuthError('invalid_scope', 'scope is beyond what may be granted');
  }
  const scope = (asked.scopes.length > 0 ? asked.scopes : scopes).join(' ') || undefined;
  const act = subject && mode === 'delegation' ? { sub: actor, act: subject.claims['act'] } : undefined;
  const expiresIn = subject ? Math.min(300, subject.expiresAt - now) : 300;
  const token = await exchange.token({
    ...{ sub: subject?.subject ?? asked.clientId, client_id: asked.clientId, aud: rule.target, scope, act },
    ...(expiresIn < 300 && { exp: subject?.expiresAt }),
    ...claims,
  });
  const exchanged = asked.grantType === GrantType.TokenExchange && { issued_token_type: asked.requestedType };
  return { body: { access_token: token, ...exchanged, token_type: 'Bearer', expires_in: expiresIn, scope } };
}

/** @throws OAuthError `invalid_target` (RFC 8707 §2) without exactly one target, and a rule for it */
function ruleFor(rules: readonly ExchangeRule[], { clientId, targets }: TokenRequest): ExchangeRule {
  const rule = rules.find(({ client = clientId, target }) => client === clientId && target === targets[0]);
  if (targets.length !== 1 || !rule)
    throw new OAuthError('invalid_target', 'The target is unknown, or not for this client');
  return rule;
}

async function verify(
  parameter: string,
  token: string,
  trusted: Omit<Registered, 'clients'>,
): Promise<VerifiedAccessToken> {
  try {
    return await verifyAccessToken(token, trusted);
  } catch (error) {
    if (!(error instanceof TokenRejection)) throw error;
    // RFC 8693 §2.2.2
    throw new OAuthError('invalid_request', `The ${parameter} is invalid: ${error.message}`);
  }
}

function toRefusal(error: unknown): TestAnswer {
  if (!(error instanceof OAuthError)) throw error;
  const { code, description, status } = error;
  const headers = { ...(code === 'invalid_client' && { 'www-authenticate': 'Basic realm="test"' }) };
  return { status, headers, body: { error: code, error_description: description } };
}
