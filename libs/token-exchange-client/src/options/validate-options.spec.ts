import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { createTestCertificate } from '@onbehalf/testing-internal';
import type { ClientAuthentication } from '../client-authentication/client-authentication.js';
import type { DownstreamDefinition } from '../downstream/downstream-definition.js';
import { keycloak } from '../presets/index.js';
import { TokenExchangeModule } from '../token-exchange.module.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { TokenExchangeOptions } from './token-exchange-options.js';

const clientAuthentication = {
  method: 'client_secret_basic',
  clientId: 'user-service',
  clientSecret: 's3cret',
} as const;
const right: TokenExchangeOptions = { issuer: 'https://issuer.example', clientAuthentication };
const auth = (given: object): Partial<TokenExchangeOptions> => ({
  clientAuthentication: given as ClientAuthentication,
});

/** The mistake that the work makes known, in one line that holds no secret. */
function mistake(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.message).not.toContain('s3cret');
    return error.message;
  }
  return 'accepted';
}

describe('options: one line that names the setting, what was given and what is accepted', () => {
  it.each<[string, Partial<TokenExchangeOptions>, RegExp]>([
    ['neither issuer nor endpoint', { issuer: undefined }, /issuer is missing; accepted: .*tokenEndpoint/],
    [
      'issuer is no address',
      { issuer: 'issuer' },
      /TokenExchangeModule.issuer is "issuer"; accepted: an http or https URL/,
    ],
    ['issuer is empty', { issuer: '' }, /issuer is ""/],
    ['issuer in the clear', { issuer: 'http://issuer.example' }, /allowInsecureHttp: true/],
    ['endpoint in the clear', { tokenEndpoint: 'http://10.0.0.1/token' }, /tokenEndpoint is .*allowInsecureHttp: true/],
    ['a host that only looks like this machine', { issuer: 'http://localhost.example' }, /allowInsecureHttp/],
    ['an address that begins like it', { issuer: 'http://127.0.0.1.example' }, /allowInsecureHttp/],
    ['a mistyped option', { isuer: 'x' } as object, /isuer is "not an option"; accepted: issuer, /],
    ['a mistyped cache option', { cache: { maxEntry: 1 } as object }, /cache.maxEntry is "not an option"/],
    ['another scheme', { issuer: 'ftp://issuer.example' }, /an http or https URL/],
    ['credentials in the address', { issuer: 'https://user:s3cret@issuer.example' }, /without credentials/],
    [
      'no client authentication',
      { clientAuthentication: undefined },
      /method is missing; accepted: client_secret_basic/,
    ],
    ['unknown method', auth({ method: 'basic', clientId: 'x' }), /method is "basic"; accepted: client_secret_basic, /],
    ['no client id', auth({ method: 'none' }), /clientId is missing/],
    ['empty client id', auth({ method: 'none', clientId: ' ' }), /clientId is "\(hidden\)"/],
    ['no secret', auth({ method: 'client_secret_basic', clientId: 'x' }), /clientSecret is missing/],
    ['empty secret', auth({ method: 'client_secret_post', clientId: 'x', clientSecret: '' }), /clientSecret is ""/],
    ['no key', auth({ method: 'private_key_jwt', clientId: 'x' }), /key is missing; accepted: a PEM \(PKCS#8\), a JWK/],
    ['no certificate', auth({ method: 'tls_client_auth', clientId: 'x', privateKey: 'x' }), /certificate is missing/],
    ['no key for it', auth({ method: 'tls_client_auth', clientId: 'x', certificate: 'x' }), /privateKey is missing/],
    ['time-out of zero', { timeout: 0 }, /timeout is 0; accepted: a number from 1 to 60000/],
    ['time-out that is no number', { timeout: Number.NaN }, /timeout is/],
    ['refusals remembered too long', { cache: { negativeLifetime: 6 } }, /negativeLifetime is 6; accepted: .* 0 to 5/],
    ['negative bound', { cache: { maxEntries: -1 } }, /maxEntries is -1/],
    ['negative age', { cache: { maxAge: -1 } }, /maxAge is -1/],
    ['DPoP that is not set', { dpop: undefined }, /^TokenExchangeModule\.dpop is missing/],
    ['DPoP that is null', { dpop: null } as object, /dpop is missing; accepted: an object of key, publicJwk/],
    [
      'DPoP without the public half',
      { dpop: { key: { algorithm: 'ES256', sign: () => '' } } } as object,
      /publicJwk is missing/,
    ],
    ['a tenant that is not set', { tenant: undefined }, /tenant is missing/],
    ['a preset that is not set', { preset: undefined }, /preset is missing/],
    ['a cache that is null', { cache: null } as object, /cache is missing; accepted: an object of maxEntries/],
    ['negative skew', { cache: { expirySkew: -1 } }, /expirySkew is -1/],
  ])('%s', (_case, options, message) => {
    const all = { ...right, ...options };
    expect(mistake(() => new TokenExchangeService(all))).toMatch(message);
  });

  const certificate = createTestCertificate('user-service');
  const foreign = createTestCertificate('user-service');
  const tls = { method: 'tls_client_auth', clientId: 'x', certificate: certificate.certificate };
  const jwt = { method: 'private_key_jwt', clientId: 'x' };
  it.each<[string, Partial<TokenExchangeOptions>, RegExp]>([
    ['PEM that is none', auth({ ...jwt, key: { algorithm: 'ES256', pem: 's3cret' } }), /key is "\(hidden\)"/],
    ['JWK that is none', auth({ ...jwt, key: { algorithm: 'ES256', jwk: { kty: 'EC' } } }), /key is "\(hidden\)"/],
    [
      'symmetric algorithm',
      auth({ ...jwt, key: { algorithm: 'HS256', pem: 'x' } }),
      /algorithm is "HS256"; accepted: ES256/,
    ],
    ['key that is no key', auth({ ...tls, privateKey: 's3cret' }), /privateKey is "\(hidden\)"/],
    ['key of another certificate', auth({ ...tls, privateKey: foreign.privateKey }), /belongs to the certificate/],
    ['DPoP key', { dpop: { key: { algorithm: 'ES256', pem: 's3cret' }, publicJwk: {} } }, /dpop.key is "\(hidden\)"/],
  ])('a key that cannot be read stops the start, not the first exchange: %s', (_case, options, message) => {
    expect(mistake(() => new TokenExchangeService({ ...right, ...options }))).toMatch(message);
  });

  it('private_key_jwt needs to know whom the assertion is for', () => {
    const options = {
      tokenEndpoint: 'https://issuer.example/token',
      ...auth({ method: 'private_key_jwt', clientId: 'x', key: { algorithm: 'ES256', pem: certificate.privateKey } }),
    } as TokenExchangeOptions;
    expect(mistake(() => new TokenExchangeService(options))).toMatch(/audience is missing/);
  });

  it.each([
    'http://localhost:9001',
    'http://127.0.0.1:9001',
    'http://[::1]:9001',
    'http://auth.localhost',
    'https://issuer.example/realms/one',
  ])('%s is accepted as it is', (issuer) => {
    expect(mistake(() => new TokenExchangeService({ ...right, issuer }))).toBe('accepted');
  });

  it('plain http is accepted where it is allowed', () => {
    const options = { ...right, issuer: 'http://auth-server:9001', allowInsecureHttp: true };
    expect(mistake(() => new TokenExchangeService(options))).toBe('accepted');
  });
});

describe('forFeature', () => {
  const definition: DownstreamDefinition = { name: 'message-service', baseUrl: 'https://messages.example' };

  it.each<[string, object, RegExp]>([
    ['no name', { name: undefined }, /name is missing/],
    ['empty name', { name: '' }, /name is ""/],
    ['address that is none', { baseUrl: 'messages' }, /\[message-service\].baseUrl is "messages"/],
    ['address with a query', { baseUrl: 'https://messages.example/?a=b' }, /without a query/],
    ['empty audience', { audience: '' }, /audience is ""; accepted: .*leave it out/],
    ['empty audience among others', { audience: ['one', ''] }, /audience is \["one",""\]/],
    ['empty scope', { scope: ' ' }, /scope is " "/],
    ['empty resource', { resource: '' }, /resource is ""/],
    ['time-out of zero', { timeout: 0 }, /timeout is 0/],
    ...(
      ['audience', 'resource', 'scope', 'actor', 'across', 'requestedTokenType', 'parameters', 'baseUrl'] as const
    ).map((member): [string, object, RegExp] => [
      `${member} that is not set`,
      { [member]: undefined },
      new RegExp(`^TokenExchangeModule\\.forFeature\\[message-service\\]\\.${member} is missing; accepted: .*leave`),
    ]),
    ['empty token type', { requestedTokenType: '' }, /requestedTokenType is ""/],
    [
      'a parameter that is not set',
      { parameters: { hint: undefined } },
      /\[message-service\].parameters.hint is missing/,
    ],
    ['a mistyped member', { audiense: 'x' }, /audiense is "not an option"; accepted: name, baseUrl/],
  ])('%s', (_case, change, message) => {
    const definitions = [{ ...definition, ...change }];
    expect(mistake(() => TokenExchangeModule.forFeature(definitions))).toMatch(message);
  });

  it.each<[string, unknown]>([
    ['no list', undefined],
    ['a hole in it', [undefined]],
    ['a factory without a name', [{ useFactory: () => definition }]],
  ])('%s', (_case, definitions) => {
    expect(mistake(() => TokenExchangeModule.forFeature(definitions as never))).toMatch(
      /^TokenExchangeModule\.forFeature(\.name)? is missing/,
    );
  });

  it('no options at all', () => {
    expect(mistake(() => new TokenExchangeService(undefined as never))).toMatch(
      /^TokenExchangeModule is missing; accepted: an object of issuer/,
    );
  });

  it('a name twice', () => {
    expect(mistake(() => TokenExchangeModule.forFeature([definition, definition]))).toMatch(
      /name is "message-service"; accepted: each name once/,
    );
  });

  it('what the preset cannot ask for stops the start, not the first call', () => {
    const service = new TokenExchangeService({ ...right, preset: keycloak });
    const resource = { ...definition, resource: 'https://messages.example' };
    expect(mistake(() => service.downstream(resource))).toMatch(/\[message-service\] .*Keycloak has no resource/);
    expect(mistake(() => service.downstream({ ...definition, actor: 'service' }))).toMatch(/actor_token/);
    expect(mistake(() => service.downstream({ ...definition, audience: 'message-service' }))).toBe('accepted');
  });

  it('plain http for a service beyond this machine, unless allowed', () => {
    const insecure = { ...definition, baseUrl: 'http://message-service:8082' };
    const service = new TokenExchangeService(right);
    expect(mistake(() => service.downstream(insecure))).toMatch(/\[message-service\].baseUrl is .*allowInsecureHttp/);
    const allowed = new TokenExchangeService({ ...right, allowInsecureHttp: true });
    expect(mistake(() => allowed.downstream(insecure))).toBe('accepted');
  });
});
