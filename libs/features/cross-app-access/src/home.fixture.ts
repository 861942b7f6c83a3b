import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { signAssertion, unsignedAssertion, type AssertionContent } from '@onbehalf/testing-internal';
import { Domain, HASH, now, SECRET, type Answer, type DomainOptions, type Post } from './domain.fixture.js';
import { ORDERS, PARTNER } from './partner.fixture.js';

/** The domain of the identity provider, which issues. */
export const HOME = 'http://localhost:9001';

const SAML = {
  issuer: 'urn:example:legacy-idp',
  audience: 'https://legacy.example',
  recipient: 'https://legacy.example/acs',
};
const saml = generateKeyPairSync('rsa', { modulusLength: 2048 });

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: [GrantType.TokenExchange],
  ...more,
});
const user = (username: string, more: object = {}) => ({ username, passwordHash: HASH, ...more });
const crossAppGrant = { clientId: 'app', resources: [ORDERS], users: ['alice', 'gone', 'nameless'], subject: 'email' };
const opens = (name: string, subjectType: string, more: object = {}) => ({
  id: `${name} at the partner`,
  client: name,
  subjectAudience: name,
  subjectTypes: [subjectType],
  target: PARTNER,
  issues: [TokenType.IdJag],
  mode: 'delegation',
  scopes: { 'order.read': {}, 'order.write': {} },
  crossAppAccess: crossAppGrant,
  ...more,
});

export const homeFile = {
  identityChaining: {},
  crossAppAccess: {},
  samlAssertion: {
    issuers: [
      {
        entityId: SAML.issuer,
        keys: [saml.publicKey.export({ type: 'spki', format: 'pem' })],
        subject: { to: 'account' },
        clients: ['legacy', 'other-legacy'].map((name) => ({
          client: name,
          audiences: [SAML.audience],
          recipients: [SAML.recipient],
          subjectAudience: name,
        })),
      },
    ],
  },
  resources: [
    { audience: 'api', scopes: ['api.read'] },
    { audience: 'legacy', scopes: [] },
    { audience: 'other-legacy', scopes: [] },
    { audience: PARTNER, kind: 'authorization_server', scopes: ['order.read', 'order.write'] },
    { audience: 'https://third.example', kind: 'authorization_server', scopes: ['order.read'] },
    { audience: 'auth-server', scopes: ['audit.read', 'registrations.read', 'registrations.write'] },
  ],
  clients: [
    ...['web', 'other-web', 'bank', 'vault'].map((name) => client(name)),
    { clientId: 'public', authentication: 'none', grantTypes: [GrantType.TokenExchange] },
    client('api', { represents: ['api'] }),
    client('legacy', { represents: ['legacy'] }),
    client('other-legacy', { represents: ['other-legacy'] }),
    client('operator', {
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['audit.read', 'registrations.read', 'registrations.write'],
      defaultResource: 'auth-server',
    }),
  ],
  users: [
    user('alice', { email: 'alice@home.example' }),
    user('stranger', { email: 'stranger@home.example' }),
    user('gone', { email: 'gone@home.example', enabled: false }),
    user('nameless'),
  ],
  edges: [
    opens('web', TokenType.IdToken),
    opens('public', TokenType.IdToken),
    opens('bank', TokenType.IdToken, { maxAuthenticationAge: 300 }),
    opens('vault', TokenType.IdToken, { acr: ['gold', 'platinum'] }),
    opens('legacy', TokenType.Saml2, { subjectIssuers: [SAML.issuer] }),
    {
      client: 'api',
      subjectAudience: 'api',
      target: PARTNER,
      mode: 'delegation',
      scopes: { 'order.read': { requires: ['api.read'] } },
      identityChaining: { subject: 'email', claims: ['auth_time'] },
    },
  ],
};

/** The identity provider, and what its clients ask of it. */
export class Home {
  private constructor(readonly domain: Domain) {}

  static open(options?: DomainOptions): Promise<Home> {
    return Home.with(homeFile, options);
  }

  static async with(file: object, options?: DomainOptions): Promise<Home> {
    return new Home(await Domain.open(HOME, file, options));
  }

  /** An ID token as a login gives it to the client. */
  idToken(claims: Readonly<Record<string, unknown>> = {}, typ = 'JWT'): Promise<string> {
    return this.domain.sign(
      { sub: 'alice', aud: 'web', auth_time: now() - 60, nonce: 'n', at_hash: 'h', ...claims },
      typ,
    );
  }

  idJag(
    subject: string,
    form: Readonly<Record<string, string | undefined>> = {},
    name = 'web',
    post: Post = {},
  ): Promise<Answer> {
    const asked = {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.IdToken,
      requested_token_type: TokenType.IdJag,
      audience: PARTNER,
      resource: ORDERS,
      ...form,
    };
    return this.domain.token(name, asked, post);
  }

  chain(subject: string, form: Readonly<Record<string, string | undefined>> = {}, name = 'api'): Promise<Answer> {
    const asked = {
      grant_type: GrantType.TokenExchange,
      subject_token: subject,
      subject_token_type: TokenType.AccessToken,
      requested_token_type: TokenType.Jwt,
      audience: PARTNER,
      ...form,
    };
    return this.domain.token(name, asked);
  }
}

/** What an identity provider of the old kind has given to the service `legacy`. */
export function samlAssertion(content: Partial<AssertionContent> = {}): string {
  const given = { now: now(), id: `_${randomUUID()}`, name: 'alice', ...SAML, ...content };
  return Buffer.from(signAssertion(unsignedAssertion(given), { key: saml.privateKey })).toString('base64url');
}
