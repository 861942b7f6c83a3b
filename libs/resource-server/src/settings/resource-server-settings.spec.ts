import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { springProfile } from '@onbehalf/jwt-verification';
import { createTestIssuer } from '@onbehalf/testing';
import {
  ResourceServerModule,
  type DpopOptions,
  type IntrospectionOptions,
  type MtlsOptions,
  type ResourceServerOptions,
} from '../index.js';
import { toSettings } from './resource-server-settings.js';

const issuer = 'https://issuer.test';
const audience = 'message-service';
const dpop = (more: object) => ({ issuer, audience, dpop: { baseUrl: 'https://api.test', ...more } as DpopOptions });
const mtls = (certificate: unknown) => ({ issuer, audience, mtls: { certificate } as MtlsOptions });
const client = { clientId: 'message-service', clientSecret: 'a-secret' };
const introspection = (more: object) => ({
  issuer,
  audience,
  introspection: { endpoint: 'https://issuer.test/introspect', client, ...more } as IntrospectionOptions,
});

const MISTAKES: [string, unknown, string][] = [
  ['no options', {}, 'issuer is missing; accepted: the URL of the authorization server'],
  [
    'an issuer that is no URL',
    { issuer: 'keycloak', audience },
    'issuer is "keycloak"; accepted: an http or https URL',
  ],
  ['an issuer with a query', { issuer: `${issuer}?a`, audience }, 'a URL without query and fragment'],
  ['an issuer of another scheme', { issuer: 'file:///etc/passwd', audience }, 'an http or https URL'],
  ['no audience', { issuer }, 'audience is missing; accepted: the name or names of this service'],
  ['an empty audience', { issuer, audience: '' }, 'audience is ""; accepted'],
  ['an empty list of audiences', { issuer, audience: [] }, 'audience is []; accepted'],
  ['an asterisk', { issuer, audience: '*' }, 'audience is "*"; accepted'],
  ['a list with an asterisk', { issuer, audience: [audience, '*'] }, 'audience is ["message-service","*"]'],
  ['a pattern', { issuer, audience: 'message-*' }, 'audience validation cannot be disabled'],
  ['a list with an empty audience', { issuer, audience: [audience, ''] }, 'audience is ["message-service",""]'],
  ['a blank audience', { issuer, audience: ' ' }, 'audience is " "'],
  ['an audience that is false', { issuer, audience: false }, 'audience is false'],
  ['an audience that is a pattern object', { issuer, audience: /.*/ }, 'audience is {}'],
  [
    'a mistyped option',
    { issuer, audience, scope: ['a'] },
    'scope is "not an option"; accepted: issuer, issuers, audience',
  ],
  ['a jwksUri that is no URL', { issuer, audience, jwksUri: '/jwks' }, 'jwksUri is "/jwks"'],
  [
    'keys in the clear',
    { issuer: 'http://auth.test', audience },
    'issuer is "http://auth.test"; accepted: an https URL, or',
  ],
  [
    'a jwksUri in the clear',
    { issuer, audience, jwksUri: 'http://10.0.0.1/jwks' },
    'together with allowInsecureHttp: true',
  ],
  ['a host that looks like this machine', { issuer: 'http://localhost.test', audience }, 'allowInsecureHttp: true'],
  [
    'introspection in the clear',
    introspection({ endpoint: 'http://auth.test' }),
    'introspection.endpoint is "http://auth.test"',
  ],
  ['jwks beside jwksUri', { issuer, audience, jwksUri: issuer, jwks: { keys: [] } }, 'one of jwks and jwksUri'],
  ['an empty JWK Set', { issuer, audience, jwks: { keys: [] } }, 'a JWK Set of one public key or more'],
  [
    'a secret in the JWK Set',
    { issuer, audience, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
    'a JWK Set of one public key',
  ],
  ['alg none', { issuer, audience, algorithms: ['none'] }, 'algorithms is ["none"]; accepted: a list of ES256'],
  ['a symmetric algorithm', { issuer, audience, algorithms: ['RS256', 'HS256'] }, 'algorithms is ["RS256","HS256"]'],
  ['no algorithm', { issuer, audience, algorithms: [] }, 'algorithms is []'],
  [
    'an unknown profile',
    { issuer, audience, profile: 'hydra' },
    'profile is "hydra"; accepted: rfc9068, keycloak, auth0, entra, okta, spring, cognito, supabase, or a profile object',
  ],
  ['an inherited profile', { issuer, audience, profile: 'constructor' }, 'profile is "constructor"'],
  [
    'a profile in which no claim names the client',
    { issuer, audience, profile: { ...springProfile, clientId: [] } },
    'profile.clientId is []; accepted: a list of one name or more',
  ],
  [
    'a profile without types',
    { issuers: [{ issuer, profile: { ...springProfile, types: [] } }], audience },
    'issuers[0].profile.types is []; accepted: a list of one name or more',
  ],
  [
    'a profile in which no claim says whom the token is for',
    { issuer, audience, profile: { ...springProfile, audience: [] } },
    'profile.audience is []',
  ],
  ...(
    [
      ['clientId', ['']],
      ['clientId', [1]],
      ['clientId', 'azp'],
      ['types', ['AT+JWT']],
      ['types', ['application/at+jwt']],
      ['types', [null]],
      ['audience', ['']],
      ['scope', 'scope'],
      ['scope', [undefined]],
      ['scopeFormat', 'array'],
      ['scopeFormat', undefined],
      ['required', undefined],
      ['required', ['exp', '']],
      ['roles', ['groups']],
      ['roles', [[]]],
      ['jwtId', ''],
      ['name', undefined],
      ['isAccessToken', undefined],
      ['isAccessToken', true],
    ] as const
  ).map(([member, value]): [string, unknown, string] => [
    `a profile whose ${member} is ${JSON.stringify(value)}`,
    { issuer, audience, profile: { ...springProfile, [member]: value } },
    `profile.${member} is `,
  ]),
  ['no profile', { issuer, audience, profile: null }, 'profile is null; accepted: the name of a profile'],
  ['issuer beside issuers', { issuer, issuers: [{ issuer }], audience }, 'issuer is "beside issuers"'],
  [
    'jwksUri beside issuers',
    { jwksUri: issuer, issuers: [{ issuer }], audience },
    'jwksUri inside each entry of issuers',
  ],
  ['no issuers', { issuers: [], audience }, 'issuers is []; accepted: a list of one issuer or more'],
  ['one issuer twice', { issuers: [{ issuer }, { issuer }], audience }, 'accepted: each issuer once'],
  [
    'a mistyped issuer option',
    { issuers: [{ issuer, jwksUrl: issuer }], audience },
    'issuers[0].jwksUrl is "not an option"',
  ],
  ['an entry that is no issuer', { issuers: [{ issuer }, { issuer: 'x' }], audience }, 'issuers[1].issuer is "x"'],
  [
    'too much tolerance',
    { issuer, audience, clockTolerance: 31 },
    'clockTolerance is 31; accepted: a whole number from 0 to 30',
  ],
  ['negative tolerance', { issuer, audience, clockTolerance: -1 }, 'clockTolerance is -1'],
  ['tolerance as a text', { issuer, audience, clockTolerance: '5' }, 'clockTolerance is "5"'],
  [
    'no scopes',
    { issuer, audience, scopes: [] },
    'scopes is []; accepted: one scope token or more; leave it out to demand none',
  ],
  ['two scopes in one', { issuer, audience, scopes: ['a b'] }, 'scopes is ["a b"]'],
  ['no actors', { issuer, audience, actors: [] }, 'actors is []; accepted: one subject or more'],
  ['DPoP without a base URL', dpop({ baseUrl: undefined }), 'dpop.baseUrl is missing'],
  ['DPoP with no base URL', dpop({ baseUrl: [] }), 'dpop.baseUrl is []'],
  ['DPoP with a symmetric algorithm', dpop({ algorithms: ['HS256'] }), 'dpop.algorithms is ["HS256"]'],
  ['DPoP proofs of any age', dpop({ maxAge: 3600 }), 'dpop.maxAge is 3600; accepted: a whole number from 1 to 300'],
  [
    'a short nonce secret',
    dpop({ nonce: { secret: 'c2hvcnQ' } }),
    'dpop.nonce.secret is "5 bytes"; accepted: 32 bytes or more',
  ],
  ['a mistyped DPoP option', dpop({ require: true }), 'dpop.require is "not an option"'],
  ['a certificate from nowhere', mtls('header'), 'mtls.certificate is "header"'],
  [
    'a certificate header from anyone',
    mtls({ header: 'x-cert', trustedProxies: [] }),
    'mtls.certificate.trustedProxies is []',
  ],
  [
    'all addresses as proxies',
    mtls({ header: 'x-cert', trustedProxies: ['0.0.0.0/0'] }),
    'trustedProxies is "0.0.0.0/0"',
  ],
  ['a proxy by name', mtls({ header: 'x-cert', trustedProxies: ['localhost'] }), 'trustedProxies is "localhost"'],
  [
    'introspection without a URL',
    introspection({ endpoint: '/introspect' }),
    'introspection.endpoint is "/introspect"',
  ],
  [
    'introspection without a secret',
    introspection({ client: { clientId: 'a' } }),
    'introspection.client is ["clientId"]',
  ],
  ['introspection kept too long', introspection({ cacheFor: 600 }), 'introspection.cacheFor is 600'],
  [
    "an outage that is nobody's choice",
    introspection({ onOutage: 'ignore' }),
    'onOutage is "ignore"; accepted: refuse or accept',
  ],
  [
    'a feed that is polled too rarely',
    { issuer, audience, revocationFeed: { url: issuer, interval: 600 } },
    'revocationFeed.interval is 600; accepted: a whole number from 1 to 60',
  ],
  [
    'a feed of a stranger',
    { issuer, audience, revocationFeed: { url: issuer, issuer: 'https://other.test' } },
    'revocationFeed.issuer is "https://other.test"; accepted: https://issuer.test',
  ],
  [
    'a feed client with a public key',
    {
      issuer,
      audience,
      revocationFeed: { url: issuer, client: { clientId: 'a', privateKey: { kty: 'EC', alg: 'ES256' } } },
    },
    'revocationFeed.client is ["clientId","privateKey"]; accepted: { clientId, privateKey }, a private JWK with alg',
  ],
  [
    'a feed client with a file that is not there',
    { issuer, audience, revocationFeed: { url: issuer, client: { clientId: 'a', assertionFile: '/no/such/file' } } },
    'revocationFeed.client.assertionFile is "/no/such/file"; accepted: the path of a file that holds a JWT',
  ],
  [
    'a feed client with a file and a secret',
    {
      issuer,
      audience,
      revocationFeed: { url: issuer, client: { clientId: 'a', assertionFile: 'b', clientSecret: randomUUID() } },
    },
    'revocationFeed.client is ["clientId","assertionFile","clientSecret"]; accepted: { clientId, assertionFile }',
  ],
  ...['global', 'scopes', 'actors', 'noAgents', 'notImpersonated', 'isRevoked', 'accepts'].map(
    (name): [string, unknown, string] => [
      `${name} that is not set`,
      { issuer, audience, [name]: undefined },
      `${name} is missing; accepted: a value; leave the option out for none`,
    ],
  ),
  ...['dpop', 'mtls', 'revocationFeed', 'introspection', 'resource'].map((name): [string, unknown, string] => [
    `${name} that is null`,
    { issuer, audience, [name]: null },
    `${name} is missing; accepted: an object of `,
  ]),
  ['DPoP that is a text', { issuer, audience, dpop: 'a-secret' }, 'dpop is "string"; accepted: an object of baseUrl'],
  ['mTLS without a certificate', { issuer, audience, mtls: { certificate: null } }, 'mtls.certificate is null'],
  ['DPoP required by nothing', dpop({ required: undefined }), 'dpop.required is missing'],
  [
    'a feed without its address',
    { issuer, audience, revocationFeed: { url: undefined } },
    'revocationFeed.url is missing',
  ],
  ['introspection without its address', introspection({ endpoint: undefined }), 'introspection.endpoint is missing'],
  ['introspection without a client', introspection({ client: undefined }), 'introspection.client is missing'],
  [
    'a feed whose client is not set',
    { issuer, audience, revocationFeed: { url: issuer, client: undefined } },
    'revocationFeed.client is missing',
  ],
  ['an unbounded cache', { issuer, audience, cache: { maxEntries: Infinity } }, 'cache.maxEntries is null'],
  ['a cache for ever', { issuer, audience, cache: { maxAge: 86_400 } }, 'cache.maxAge is 86400'],
  [
    'a resource that is no URL',
    { issuer, audience, resource: { resource: audience } },
    'resource.resource is "message-service"',
  ],
  ['a resource with a fragment', { issuer, audience, resource: { resource: `${issuer}#a` } }, 'a URL without fragment'],
];

describe('ResourceServerModule options', () => {
  it.each(MISTAKES)('%s stops the start with one line', async (_case, options, message) => {
    const imports = [ResourceServerModule.forRoot(options as ResourceServerOptions)];
    const error = await Test.createTestingModule({ imports })
      .compile()
      .then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    expect(error!.message).toMatch(/^ResourceServerModule\./);
    expect(error!.message).toContain(message);
    expect(error!.message).not.toContain('\n');
    expect(error!.message).not.toContain('a-secret');
  });

  it('are validated when they come from a factory, too', async () => {
    const imports = [
      ResourceServerModule.forRootAsync({ useFactory: () => Promise.resolve({ issuer, audience: [] }) }),
    ];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
      setting: 'ResourceServerModule.audience',
    });
  });

  it.each([undefined, null])('are not %s', async (options) => {
    const imports = [ResourceServerModule.forRootAsync({ useFactory: () => options as never })];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
      /^ResourceServerModule\.options is missing; accepted: an object of issuer, /,
    );
  });

  it('may not stand beside the factory, where they would be lost', () => {
    const options = { global: true, useFactory: () => ({ issuer, audience }) };
    expect(() => ResourceServerModule.forRootAsync(options)).toThrow(
      'ResourceServerModule.global is "not an option"; accepted: imports, inject',
    );
  });

  it('stop the start of an application that registers the module twice', async () => {
    @Module({ imports: [ResourceServerModule.forRoot({ issuer, audience })] })
    class One {}
    @Module({ imports: [One, ResourceServerModule.forRoot({ issuer, audience: 'other' })] })
    class Both {}
    const app = await NestFactory.create(Both, { logger: false });
    await expect(app.init()).rejects.toMatchObject({ setting: 'ResourceServerModule' });
  });

  it('have defaults that are strict', () => {
    expect(toSettings({ issuer, audience })).toMatchObject({
      audiences: ['message-service'],
      global: false,
      clockTolerance: 30,
      issuers: [
        { issuer, algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'], profile: { name: 'rfc9068' } },
      ],
    });
  });

  it.each([
    { issuer: 'http://localhost:9001' },
    { issuer: 'http://127.0.0.1:9001' },
    { issuer: 'http://[::1]:9001' },
    { issuer: 'http://auth.localhost' },
    { issuer: 'http://auth.test', jwksUri: 'https://auth.test/jwks' },
    { issuer: 'http://auth.test', allowInsecureHttp: true },
    { issuers: [{ issuer: 'http://auth.test' }], allowInsecureHttp: true },
    { issuer, jwksUri: 'http://auth-server:9001/oauth2/jwks', allowInsecureHttp: true },
  ])('may have plain HTTP on this machine or expressly: %j', (options) => {
    expect(() => toSettings({ audience, ...options })).not.toThrow();
  });

  it('may give each issuer its own keys, algorithms and profile', async () => {
    const known = await createTestIssuer({ issuer: 'https://known.test' });
    const issuers = [known, { issuer, jwks: known.jwks, algorithms: ['ES256'] as const, profile: 'okta' as const }];
    expect(toSettings({ issuers, audience: ['a', 'b'] })).toMatchObject({
      audiences: ['a', 'b'],
      issuers: [{ issuer: known.issuer }, { algorithms: ['ES256'], profile: { name: 'okta' } }],
    });
  });
});
