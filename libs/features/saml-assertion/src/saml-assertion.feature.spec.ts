import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import {
  AUDIENCE,
  encode,
  ISSUER,
  NOW,
  PUBLIC_KEY,
  RECIPIENT,
  signed,
  type Content,
} from './assertion/assertion.fixture.js';
import { samlAssertion } from './saml-assertion.feature.js';
import { samlAssertionSettings } from './saml-assertion.schema.js';
import { SamlAssertionVerifier } from './saml-assertion.verifier.js';

const pem = (key: { export(options: object): unknown }) => key.export({ type: 'spki', format: 'pem' }) as string;
const accepted = { client: 'legacy', audiences: [AUDIENCE], recipients: [RECIPIENT], subjectAudience: 'legacy-api' };
const issuer = { entityId: ISSUER, keys: [pem(PUBLIC_KEY)], clients: [accepted] };

function verify(
  content: Content,
  settings: object,
  clientId = 'legacy',
  parameter: 'subject_token' | 'actor_token' = 'subject_token',
) {
  const verifier = new SamlAssertionVerifier(samlAssertionSettings.parse({ issuers: [{ ...issuer, ...settings }] })!);
  const client = { clientId } as Parameters<typeof verifier.verify>[1]['client'];
  const asked = { audiences: [], resources: [], requestedType: TokenType.AccessToken };
  const context = { client, at: NOW, parameter, asked, parameters: {}, explained: false };
  return verifier.verify(encode(signed(content)), context);
}

const attribute = (name: string, ...values: string[]) =>
  `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`;

describe('the subject of an assertion', () => {
  it('is known as entityId#name unless it is told to be an account', async () => {
    expect(await verify({}, {})).toMatchObject({ subject: `${ISSUER}#alice`, foreign: { iss: ISSUER, sub: 'alice' } });
    const account = await verify({}, { subject: { to: 'account' } });
    expect(account).toMatchObject({ subject: 'alice', audiences: ['legacy-api'], singleUse: true, jwtId: '_a' });
    expect(account).not.toHaveProperty('foreign');
  });

  it('is the one value of an attribute, where the configuration says so', async () => {
    const settings = { subject: { attribute: 'uid', to: 'account' } };
    expect(await verify({ attributes: attribute('uid', 'bob') }, settings)).toMatchObject({ subject: 'bob' });
    for (const attributes of [
      '',
      attribute('uid'),
      attribute('uid', 'a', 'b'),
      attribute('uid', ' '),
      attribute('UID', 'a'),
    ]) {
      await expect(verify({ attributes }, settings)).rejects.toThrow('exactly one value of the attribute uid');
    }
  });

  it('has a name of the format that the configuration demands', async () => {
    const format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
    const settings = { subject: { format, to: 'account' } };
    const nameId = `<saml:NameID Format="${format}">alice</saml:NameID>`;
    expect(await verify({ nameId }, settings)).toMatchObject({ subject: 'alice' });
    await expect(verify({}, settings)).rejects.toThrow(TokenRejection);
  });

  it('is never an actor', async () => {
    await expect(verify({}, {}, 'legacy', 'actor_token')).rejects.toThrow('names no actor');
  });

  it('is told to no other client', async () => {
    await expect(verify({}, {}, 'other')).rejects.toThrow('not trusted');
  });
});

describe('the scopes of an assertion', () => {
  it('are none unless an attribute is named, whose values they are', async () => {
    const attributes = attribute('rights', 'a b', 'b', 'c');
    expect((await verify({ attributes }, {})).scopes).toEqual([]);
    expect((await verify({ attributes }, { scopesAttribute: 'rights' })).scopes).toEqual(['a', 'b', 'c']);
    expect((await verify({}, { scopesAttribute: 'rights' })).scopes).toEqual([]);
    await expect(verify({ attributes: attribute('rights', 'ä') }, { scopesAttribute: 'rights' })).rejects.toThrow(
      'no scope',
    );
  });
});

describe('the section samlAssertion', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const edwards = generateKeyPairSync('ed25519');

  function start(change: Readonly<Record<string, unknown>> | object[]): unknown {
    const issuers = Array.isArray(change) ? change : [{ ...issuer, ...change }];
    const config = {
      resources: [{ audience: 'legacy-api', scopes: [] }],
      clients: [
        {
          clientId: 'legacy',
          secret: 's',
          grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
          represents: ['legacy-api'],
        },
      ],
      trustedIssuers: [{ issuer: 'https://jwt.example', algorithms: ['ES256'] }],
      samlAssertion: { issuers },
    };
    return parseServerConfig(config, {}, { sections: [samlAssertion] });
  }

  it('may be as in the README', () => {
    expect(() => start({})).not.toThrow();
  });

  it.each<[string, Parameters<typeof start>[0], RegExp]>([
    ['no issuer', [], /samlAssertion\.issuers/],
    ['no key', { keys: [] }, /keys/],
    ['a text for a key', { keys: ['x'] }, /keys\[0\] is "\(hidden\)".*PEM/],
    ['a short key', { keys: [pem(weak.publicKey)] }, /2048/],
    ['another curve', { keys: [pem(curve.publicKey)] }, /P-256/],
    ['a key that signs otherwise', { keys: [pem(edwards.publicKey)] }, /P-256/],
    ['a private key', { keys: [weak.privateKey.export({ type: 'pkcs8', format: 'pem' })] }, /public key/],
    ['a relative entity id', { entityId: 'idp' }, /absolute URI/],
    ['an entity id with a fragment', { entityId: 'https://idp.example/#a' }, /entityId/],
    ['an issuer twice', [issuer, issuer], /each other issuer once/],
    ['an issuer of JWTs', { entityId: 'https://jwt.example' }, /each other issuer once/],
    ['no client', { clients: [] }, /clients/],
    ['an unknown client', { clients: [{ ...accepted, client: 'nobody' }] }, /a registered client/],
    [
      'an audience that the client does not represent',
      { clients: [{ ...accepted, subjectAudience: 'x' }] },
      /what legacy represents/,
    ],
    ['no audience', { clients: [{ ...accepted, audiences: [] }] }, /audiences/],
    ['no recipient', { clients: [{ ...accepted, recipients: [] }] }, /recipients/],
    ['a word that it does not know', { audience: 'x' }, /audience/],
  ])('stops the start with one line: %s', (_, change, message) => {
    expect(() => start(change)).toThrow(message);
  });
});
