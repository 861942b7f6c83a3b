import {
  TokenRejection,
  verifyAccessToken,
  type TrustedIssuer,
  type VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import { formatChallenge, type ChallengeParameters } from '@onbehalf/oauth-protocol';
import { startTestServer, type ReceivedRequest, type TestAnswer } from './test-server.js';

/** A request as a downstream service received it, with its verified token. */
export interface DownstreamRequest extends ReceivedRequest {
  /** Absent where the request was refused for its token, or tokens are not checked. */
  readonly token?: VerifiedAccessToken;
  /** The status that was answered. */
  readonly status: number;
}

/** What a route answers. The first rule whose method and path are those of a request decides it; without one it is a 404. */
export interface DownstreamRule {
  /** Default: every method. */
  readonly method?: string;
  /** The path without its query. */
  readonly path: string | RegExp;
  /** A scope that the token must have; otherwise 403. RFC 6750 §3.1 */
  readonly scope?: string;
  /** What is answered, or a function that makes the answer from the request and its verified token. */
  readonly answer:
    TestAnswer | ((request: ReceivedRequest, token?: VerifiedAccessToken) => TestAnswer | Promise<TestAnswer>);
}

/** Whose tokens a fake service takes, and what it answers. */
export interface FakeDownstreamOptions {
  /** Whose tokens it takes: a test issuer, or a test exchange. */
  readonly issuer: TrustedIssuer;
  /** Its own name: tokens for another one are refused. */
  readonly audience: string;
  readonly rules: readonly DownstreamRule[];
  /** `false` takes every request as it comes, for tests of what is sent. Default `true`. */
  readonly checksTokens?: boolean;
}

/** A downstream service for tests, on a free port of 127.0.0.1. */
export interface FakeDownstream {
  readonly url: string;
  /** All requests so far, also those that were refused. */
  readonly requests: DownstreamRequest[];
  /** May be replaced at any time. */
  rules: readonly DownstreamRule[];
  /** Stops the server and ends its connections. */
  close(): Promise<void>;
}

/** Starts a service that checks signature, issuer, audience and expiry of every token, answers by rules, and keeps what it received. */
export async function fakeDownstream(options: FakeDownstreamOptions): Promise<FakeDownstream> {
  const { issuer, audience, checksTokens = true } = options;
  const requests: DownstreamRequest[] = [];
  const server = await startTestServer(async (request) => {
    const checked = checksTokens ? await checkToken(request, issuer, audience) : {};
    const answer = checked.refusal ?? (await answerBy(fake.rules, request, checked.token, checksTokens));
    const { token } = checked;
    requests.push({ ...request, ...(token && { token }), status: answer.status ?? 200 });
    return answer;
  });
  const fake: FakeDownstream = { url: server.url, requests, rules: options.rules, close: () => server.close() };
  return fake;
}

interface Checked {
  readonly token?: VerifiedAccessToken;
  readonly refusal?: TestAnswer;
}

async function checkToken({ headers }: ReceivedRequest, issuer: TrustedIssuer, audience: string): Promise<Checked> {
  const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.authorization ?? '') ?? [];
  // RFC 6750 §3: no error code where there are no credentials
  if (token === undefined) return { refusal: refuse(401) };
  try {
    return { token: await verifyAccessToken(token, { issuers: [issuer], audiences: [audience] }) };
  } catch (error) {
    if (!(error instanceof TokenRejection)) throw error;
    return { refusal: refuse(401, { error: 'invalid_token', error_description: error.message }) };
  }
}

async function answerBy(
  rules: readonly DownstreamRule[],
  request: ReceivedRequest,
  token: VerifiedAccessToken | undefined,
  checksTokens: boolean,
): Promise<TestAnswer> {
  const [pathname = ''] = request.path.split('?', 1);
  const rule = rules.find(
    ({ method = request.method, path }) =>
      method.toUpperCase() === request.method &&
      (typeof path === 'string' ? path === pathname : pathname.search(path) >= 0),
  );
  if (!rule) return { status: 404, body: { error: 'not_found' } };
  const { scope, answer } = rule;
  if (scope !== undefined && checksTokens && !token?.scopes.includes(scope)) {
    return refuse(403, { error: 'insufficient_scope', scope });
  }
  return typeof answer === 'function' ? answer(request, token) : answer;
}

function refuse(status: number, parameters: ChallengeParameters = {}): TestAnswer {
  return { status, headers: { 'www-authenticate': formatChallenge('Bearer', parameters) }, body: { ...parameters } };
}
