import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Scope, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { parseServerConfig, SigningKeys } from '@onbehalf/authorization-server';
import { GrantType } from '@onbehalf/oauth-protocol';
import { customSubjectTokens, invalid, subjectTokenProfile, SubjectTokenType, type Outcome } from './index.js';
import { Replica, SECRET } from './replicas.fixture.js';

const TYPE = 'urn:acme:session';
const client = { clientId: 'legacy', secret: SECRET, grantTypes: [GrantType.TokenExchange], represents: ['api'] };
const accepted = { client: 'legacy', subjectAudience: 'api' };
const type = { type: TYPE, clients: [accepted] };

const file = (section: object, change: object = {}) => ({
  resources: [{ audience: 'api', scopes: [] }],
  clients: [client, { ...client, clientId: 'without', grantTypes: [GrantType.ClientCredentials] }],
  trustedIssuers: [{ issuer: 'https://jwt.example', algorithms: ['ES256'] }],
  customSubjectTokens: { types: [type], ...section },
  ...change,
});

describe('the section customSubjectTokens', () => {
  const parse = (section: object) => parseServerConfig(file(section), {}, { sections: [customSubjectTokens] });

  it('has limits and a deadline when it does not say', () => {
    expect(parse({})).toMatchObject({
      customSubjectTokens: { timeout: 5, failures: { window: 900, perClient: 10, perAddress: 50 } },
    });
  });

  it.each<[string, object, RegExp]>([
    ['no type', { types: [] }, /types.*at least one type/],
    ['no client', { types: [{ ...type, clients: [] }] }, /at least one client/],
    ['an unknown client', { types: [{ ...type, clients: [{ ...accepted, client: 'x' }] }] }, /a registered client/],
    [
      'a client without the grant',
      { types: [{ ...type, clients: [{ ...accepted, client: 'without' }] }] },
      /the grant of token exchange/,
    ],
    ['a client twice', { types: [{ ...type, clients: [accepted, accepted] }] }, /each client once/],
    [
      'an audience that is not the client’s',
      { types: [{ ...type, clients: [{ ...accepted, subjectAudience: 'x' }] }] },
      /what legacy represents/,
    ],
    ['a type twice', { types: [type, type] }, /types\[1\]\.type is "urn:acme:session"; accepted: each type once/],
    ['a type twice, spelled differently', { types: [type, { ...type, type: 'URN:Acme:session' }] }, /each type once/],
    ['a namespace of a trusted issuer', { types: [{ ...type, namespaces: ['https://jwt.example'] }] }, /no trusted/],
    ['a namespace that is no URI', { types: [{ ...type, namespaces: ['legacy'] }] }, /absolute URI/],
    ['a namespace with a fragment', { types: [{ ...type, namespaces: ['https://a.example#b'] }] }, /fragment/],
    ['no deadline', { timeout: 0 }, /more than 0/],
    ['a deadline beyond all patience', { timeout: 61 }, /at most 60/],
    ['a limit of nothing', { failures: { perClient: 0 } }, /more than 0/],
    ['a word that it does not know', { scopes: [] }, /scopes/],
    ['a target', { types: [{ ...type, target: 'api' }] }, /target/],
  ])('stops the start with one line: %s', (_, section, message) => {
    expect(() => parse(section)).toThrow(message);
  });

  it.each([
    'urn:ietf:params:oauth:token-type:access_token',
    'urn:ietf:params:oauth:token-type:mine',
    'URN:IETF:params:oauth:token-type:mine',
    'urn:Ietf:x',
    'urn:%69etf:x',
    'urn:%69%65%74%66%3ax',
    'urn:onbehalf:x',
    'URN:ONBEHALF:x',
    'urn:ıetf:x',
    'ｕｒｎ:ietf:x',
    ' urn:ietf:x',
    'urn:acme:x ',
    'urn:acme:\u0000',
    'urn:acme:x#y',
    'legacy-session',
    '/legacy-session',
    'urn:',
    '',
  ])('has no type of others, nor one that is no absolute URI: %j', (reserved) => {
    expect(() => parse({ types: [{ ...type, type: reserved }] })).toThrow(/accepted: an absolute URI of your own/);
    const profile = subjectTokenProfile(reserved, () => invalid('no'));
    return expect(start([profile])).rejects.toThrow(/accepted: an absolute URI of your own/);
  });
});

@Injectable()
@SubjectTokenType(TYPE)
class Session {
  verify(): Outcome {
    return invalid('no');
  }
}

@Injectable()
@SubjectTokenType(TYPE)
class Another extends Session {}

@Injectable({ scope: Scope.REQUEST })
@SubjectTokenType(TYPE)
class OfEachRequest extends Session {}

@Injectable()
@SubjectTokenType(TYPE)
class ByRequest extends Session {
  constructor(@Inject(REQUEST) readonly request: unknown) {
    super();
  }
}

const keys = SigningKeys.generate();

async function start(profiles: readonly Provider[]): Promise<void> {
  const database = { url: 'sqlite::memory:', keys: await keys, encryption: randomBytes(32).toString('base64') };
  await (await Replica.start(database, file({}), profiles)).stop();
}

describe('the profiles that Nest finds', () => {
  it('are one for each type of the file; others wait until the file names their type', async () => {
    await expect(start([Session, subjectTokenProfile('urn:acme:other', () => invalid('no'))])).resolves.toBeUndefined();
  });

  it('may have another name, too', async () => {
    await expect(start([Session, { provide: 'alias', useExisting: Session }])).resolves.toBeUndefined();
  });

  it('may be made by a factory', async () => {
    await expect(start([{ provide: 'made', useFactory: () => new Session() }])).resolves.toBeUndefined();
  });

  const without = {
    provide: 'broken',
    useValue: Object.create(Session.prototype, { verify: { value: 1 } }) as unknown,
  };

  it.each<[string, Provider[], string]>([
    ['there is none', [], `types[0].type is "${TYPE}"; accepted: a type that a profile verifies; there is no profile`],
    [
      'there is one for another type only',
      [subjectTokenProfile('urn:acme:other', () => invalid('no'))],
      `types[0].type is "${TYPE}"; accepted: urn:acme:other`,
    ],
    ['two are for one type', [Session, Another], 'accepted: another type than that of Session'],
    [
      'two are for one type, spelled differently',
      [Session, subjectTokenProfile('URN:acme:session', () => invalid('no'))],
      'accepted: another type than that of Session',
    ],
    ['one is made anew for each request', [OfEachRequest], 'accepted: a provider of the default scope'],
    ['one depends on the request', [ByRequest], 'accepted: a provider of the default scope'],
    ['one cannot verify', [without], 'accepted: a class with the method verify'],
  ])('stop the start with one line when %s', async (_, profiles, message) => {
    await expect(start(profiles)).rejects.toThrow(message);
    await expect(start(profiles)).rejects.toMatchObject({ name: 'ConfigurationError' });
  });
});
