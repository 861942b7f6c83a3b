import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openStore } from '@onbehalf/authorization-store';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { Provider } from 'oidc-provider';
import { KeySet } from '../keys/key-set.js';
import { answerErrors } from './answer-errors.js';
import { answerOwnGrants, answerRefused } from './answer-own-grants.js';
import type { Grant } from './grant.js';
import { ROUTES } from '../protocol/routes.js';
import { toProviderKeys } from './provider-keys.js';
import { registerGrant } from './register-grant.js';

const GRANT = 'urn:test:grant';
const TYPE = 'application/x-www-form-urlencoded';

/** Tells what it was given. */
const grant: Grant = {
  grantType: GRANT,
  parameters: ['word', 'audience', 'scope'],
  repeatable: ['audience'],
  handle: (ctx, form) => {
    if (form.get('word') === 'no') throw new OAuthError('invalid_target', 'refused');
    const { clientId: client } = ctx.oidc.client;
    return Promise.resolve({ client, word: form.get('word'), audiences: form.getAll('audience') });
  },
};

const basic = (clientId: string, secret = 'secret'): string =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;

const store = await openStore({ url: 'sqlite::memory:' });

describe('the grants of this library at the token endpoint', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const client = { client_secret: 'secret', redirect_uris: [], response_types: [] as 'code'[] };
    const provider = new Provider('https://issuer.test', {
      adapter: store.providerAdapter,
      jwks: toProviderKeys((await KeySet.generate()).keys).jwks,
      cookies: { keys: ['a'.repeat(32)] },
      ttl: { ClientCredentials: 60 },
      routes: ROUTES,
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
      clients: [
        { ...client, client_id: 'own', grant_types: [GRANT, 'client_credentials'] },
        { ...client, client_id: 'posting', grant_types: [GRANT], token_endpoint_auth_method: 'client_secret_post' },
        { ...client, client_id: 'other', grant_types: ['client_credentials'] },
      ],
      clientBasedCORS: () => false,
      clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    });
    registerGrant(provider, grant);
    provider.use(answerErrors);
    provider.use(answerRefused);
    const handle = answerOwnGrants(provider, [grant]);
    server = createServer((request, response) => void handle(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/token`;
  });
  afterAll(async () => {
    server.close();
    await store.close();
  });

  /** The provider's own way is known by what it says to caches of pages of other origins. */
  async function send(
    body: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: unknown; way: string }> {
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': TYPE, ...headers } });
    const way = response.headers.get('vary') === 'Origin' ? "the provider's" : 'the short one';
    expect(response.headers.get('cache-control')).toBe('no-store');
    return { status: response.status, body: await response.json(), way };
  }

  const own = { authorization: basic('own') };
  const granted = (word: string | null, audiences: string[] = [], client = 'own') => ({ client, word, audiences });
  const error = (code: string) => expect.objectContaining({ error: code }) as object;

  it.each<[string, string, Record<string, string>, number, object]>([
    ['what is written plainly', `grant_type=${GRANT}&word=a%20b+c`, own, 200, granted('a b c')],
    ['what may be repeated', `grant_type=${GRANT}&audience=a&audience=b`, own, 200, granted(null, ['a', 'b'])],
    ['parameters that nobody knows', `grant_type=${GRANT}&word=a&more=b&more=c`, own, 200, granted('a')],
    [
      'credentials in the body',
      `grant_type=${GRANT}&word=a&client_id=posting&client_secret=secret`,
      {},
      200,
      granted('a', [], 'posting'),
    ],
    ['a list of scopes', `grant_type=${GRANT}&word=a&scope=a+b`, own, 200, granted('a')],
    ['an empty scope, as if omitted', `grant_type=${GRANT}&word=a&scope=`, own, 200, granted('a')],
    ['an empty client_id, as if omitted', `grant_type=${GRANT}&word=a&client_id=`, own, 200, granted('a')],
    ['what the grant refuses', `grant_type=${GRANT}&word=no`, own, 400, error('invalid_target')],
    ['a wrong secret', `grant_type=${GRANT}`, { authorization: basic('own', 'no') }, 401, error('invalid_client')],
    ['a malformed header', `grant_type=${GRANT}`, { authorization: 'Basic ?' }, 400, error('invalid_request')],
    ['two methods', `grant_type=${GRANT}&client_secret=secret`, own, 400, error('invalid_request')],
    [
      'a client without the grant',
      `grant_type=${GRANT}`,
      { authorization: basic('other') },
      400,
      error('unauthorized_client'),
    ],
  ])('answers %s', async (_, body, headers, status, expected) => {
    expect(await send(body, headers)).toEqual({ status, body: expected, way: 'the short one' });
  });

  it.each<[string, string, Record<string, string>, number, object]>([
    ['another grant', 'grant_type=client_credentials', own, 200, expect.any(Object)],
    ['an unknown grant', 'grant_type=no', own, 400, error('unsupported_grant_type')],
    ['no grant', 'word=a', own, 400, error('invalid_request')],
    ['a repeated grant', `grant_type=${GRANT}&grant_type=${GRANT}`, own, 400, error('invalid_request')],
    ['a repeated parameter', `grant_type=${GRANT}&word=a&word=a`, own, 400, error('invalid_request')],
    ['a repetition without a value', `grant_type=${GRANT}&word=&word=a`, own, 400, error('invalid_request')],
    ['repeated credentials', `grant_type=${GRANT}&client_id=a&client_id=b`, own, 400, error('invalid_request')],
    ['too many parameters', `grant_type=${GRANT}&word=a${'&x=y'.repeat(50)}`, own, 200, granted('a')],
    ['authorization details', `grant_type=${GRANT}&word=a&authorization_details=[]`, own, 200, granted('a')],
    ...['+a', 'a+', 'a++b', '+', '%22', 'a%09', '%C3%A9'].map(
      (scope): [string, string, Record<string, string>, number, object] => [
        `the scope ${scope}`,
        `grant_type=${GRANT}&word=no&scope=${scope}`,
        own,
        400,
        error('invalid_scope'),
      ],
    ),
    ['a question mark at the beginning', `?grant_type=${GRANT}`, own, 400, error('invalid_request')],
    ['nothing to authenticate with', `grant_type=${GRANT}`, {}, 401, error('invalid_client')],
    [
      'JSON',
      `{"grant_type":"${GRANT}"}`,
      { ...own, 'content-type': 'application/json' },
      400,
      error('invalid_request'),
    ],
    [
      'a page of another origin',
      `grant_type=${GRANT}`,
      { ...own, origin: 'https://page.test' },
      400,
      error('invalid_request'),
    ],
  ])('leaves %s to the provider, as it came', async (_, body, headers, status, expected) => {
    expect(await send(body, headers)).toEqual({ status, body: expected, way: "the provider's" });
  });
});
