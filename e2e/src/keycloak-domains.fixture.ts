import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, type Fields, postForm } from '@onbehalf/testing-internal';
import { freePort, RunningApp } from '../../tools/system.ts';

const secret = 'secret';

/** A domain that takes the access tokens of a Keycloak realm, and the one that it goes on to by identity chaining. */
export class KeycloakDomains {
  private constructor(
    readonly home: RunningApp,
    readonly partner: RunningApp,
  ) {}

  /** @param realm the issuer identifier of the realm */
  static async up(realm: string): Promise<KeycloakDomains> {
    const [one, two] = [await freePort(), await freePort()];
    const start = (port: number, config: object): RunningApp => {
      const file = join(mkdtempSync(join(tmpdir(), 'domain-')), 'config.json');
      writeFileSync(file, JSON.stringify(config));
      const ISSUER = `http://localhost:${port}`;
      return new RunningApp('auth-server', port, { ISSUER, AUTH_SERVER_CONFIG: file, DATABASE_URL: 'sqlite::memory:' });
    };
    const domains = new KeycloakDomains(
      start(one, homeFile(realm, `http://localhost:${two}`)),
      start(two, partnerFile(`http://localhost:${one}`)),
    );
    await Promise.all([domains.home.ready(), domains.partner.ready()]);
    return domains;
  }

  async down(): Promise<void> {
    await Promise.all([this.home.stop(), this.partner.stop()]);
  }

  exchange(token: string, type: string, fields: Fields = {}): Promise<Answer> {
    const asked = { subject_token: token, subject_token_type: type, audience: 'message-service', ...fields };
    return this.#ask(this.home, 'user-service', { grant_type: GrantType.TokenExchange, ...asked });
  }

  /** A grant for the partner. */
  chain(token: string): Promise<Answer> {
    const fields = { audience: this.partner.url, requested_token_type: TokenType.Jwt };
    return this.exchange(token, TokenType.Jwt, fields);
  }

  redeem(assertion: string, at: 'home' | 'partner' = 'partner'): Promise<Answer> {
    return this.#ask(this[at], 'redeemer', { grant_type: GrantType.JwtBearer, assertion });
  }

  #ask({ url }: RunningApp, client: string, fields: Fields): Promise<Answer> {
    return postForm(`${url}/oauth2/token`, fields, { authorization: basic(client, secret) });
  }
}

function homeFile(realm: string, partner: string): object {
  const edge = { client: 'user-service', subjectAudience: 'user-service', subjectIssuers: [realm], mode: 'delegation' };
  const { AccessToken, Jwt, IdToken } = TokenType;
  return {
    identityChaining: {},
    resources: [
      { audience: 'user-service', scopes: ['user.read'] },
      { audience: 'message-service', scopes: ['message.read'] },
      { audience: partner, kind: 'authorization_server', scopes: ['order.read'] },
    ],
    trustedIssuers: [{ issuer: realm, algorithms: ['RS256'], profile: 'keycloak' }],
    clients: [
      { clientId: 'user-service', secret, grantTypes: [GrantType.TokenExchange], represents: ['user-service'] },
      // it has the name for which the realm issues ID tokens, so that these fail for nothing else
      { clientId: 'client-app', secret, grantTypes: [GrantType.TokenExchange] },
      { clientId: 'redeemer', secret, grantTypes: [GrantType.JwtBearer], defaultTarget: 'message-service' },
    ],
    edges: [
      {
        ...edge,
        subjectTypes: [AccessToken, Jwt, IdToken],
        target: 'message-service',
        scopes: { 'message.read': { requires: ['user.read'] } },
      },
      {
        ...edge,
        subjectTypes: [Jwt],
        target: partner,
        scopes: { 'order.read': { requires: ['user.read'] } },
        identityChaining: {},
      },
    ],
  };
}

function partnerFile(home: string): object {
  return {
    identityChaining: {},
    resources: [{ audience: 'order-service', scopes: ['order.read'] }],
    trustedIssuers: [{ issuer: home, algorithms: ['ES256'], usages: ['jwt-bearer'] }],
    clients: [{ clientId: 'redeemer', secret, grantTypes: [GrantType.JwtBearer], defaultTarget: 'order-service' }],
    edges: [
      {
        ...{ client: 'redeemer', subjectAudience: 'redeemer', subjectTypes: [TokenType.Jwt], subjectIssuers: [home] },
        ...{ target: 'order-service', mode: 'delegation', scopes: { 'order.read': {} } },
      },
    ],
  };
}
