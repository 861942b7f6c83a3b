import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { startTestServer, type TestAnswer, type TestServer } from '@onbehalf/testing';
import { createTestCertificate } from '@onbehalf/testing-internal';
import { TokenExchangeHealthIndicator } from '../token-exchange.health.js';
import { TokenExchangeService } from '../token-exchange.service.js';

let server: TestServer;
let errors: string[];
let logs: string[];
let now: number;

beforeEach(async () => {
  [errors, logs, now] = [[], [], 0];
  jest.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => void errors.push(String(line)));
  jest.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void logs.push(String(line)));
  server = await startTestServer(() => ({}));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

function serviceOf(issuer: string): TokenExchangeService {
  return new TokenExchangeService({
    issuer,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    clocks: { wall: () => 1_800_000_000, monotonic: () => now },
  });
}

/** Two attempts, a while apart. */
async function failTwice(service: TokenExchangeService): Promise<string[]> {
  const messages: string[] = [];
  for (let i = 0; i < 2; i += 1) {
    now += 1000;
    const exchange = service.exchange({ subjectToken: `subject-${i}`, audience: 'message-service' });
    messages.push(await exchange.then(String, (error: Error) => error.message));
  }
  return messages;
}

describe('a discovery that fails has a name: in the log once, at readiness, and in the error', () => {
  it.each<[string, () => TestAnswer, RegExp]>([
    [
      'another issuer',
      () => ({ body: { issuer: 'http://localhost/realms/other', token_endpoint: 'http://localhost/token' } }),
      /another issuer, http:\/\/localhost\/realms\/other/,
    ],
    ['a status', () => ({ status: 500 }), /answered with 500/],
    ['no JSON', () => ({ body: '<html>' }), /JSON/],
    ['no token endpoint', () => ({ body: { issuer: server.url } }), /token_endpoint/],
    [
      'a token endpoint without TLS',
      () => ({ body: { issuer: server.url, token_endpoint: 'http://elsewhere.example/token' } }),
      /token_endpoint/,
    ],
  ])('%s', async (_case, answer, cause) => {
    server.answering = answer;
    const service = serviceOf(server.url);
    for (const message of await failTwice(service)) expect(message).toMatch(cause);
    expect(errors).toEqual([expect.stringMatching(cause)]);
    expect(await new TokenExchangeHealthIndicator(service).check('x')).toMatchObject({
      x: { status: 'down', cause: expect.stringMatching(cause) as unknown },
    });
  });

  it('a certificate that nobody vouches for', async () => {
    const { certificate, privateKey } = createTestCertificate('localhost');
    const tls = await startTestServer(() => ({}), { tls: { cert: certificate, key: privateKey } });
    await failTwice(serviceOf(`https://localhost:${tls.port}`));
    await tls.close();
    expect(errors).toEqual([expect.stringMatching(/cannot be reached \((?:DEPTH_ZERO_)?SELF_SIGNED/)]);
  });

  it('a change of the cause is told, and the end of the outage', async () => {
    const service = serviceOf(server.url);
    server.answering = () => ({ status: 500 });
    await failTwice(service);
    server.answering = () => ({ status: 404 });
    await failTwice(service);
    server.answering = ({ path }) => ({
      body: path.startsWith('/.well-known')
        ? { issuer: server.url, token_endpoint: `${server.url}/token` }
        : {
            access_token: 'x',
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
          },
    });
    await failTwice(service);
    expect(errors).toEqual([expect.stringContaining('500'), expect.stringContaining('404')]);
    expect(logs).toEqual([expect.stringContaining('available again')]);
  });
});

it('a token endpoint that fails is told once for each cause', async () => {
  server.answering = ({ path }) =>
    path.startsWith('/.well-known')
      ? { body: { issuer: server.url, token_endpoint: `${server.url}/token` } }
      : { status: 500 };
  await failTwice(serviceOf(server.url));
  expect(errors).toEqual(['The token endpoint is unavailable: The token endpoint answered 500']);
});
