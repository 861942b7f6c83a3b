import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  featureModules,
  FeatureSet,
  parseServerConfig,
  type SigningKeys,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { customSubjectTokens } from './index.js';

const features = new FeatureSet([customSubjectTokens]);

/** What every client here authenticates with. */
export const SECRET = randomUUID();

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** All that every replica on this store has in common but its configuration and its keys. */
function serverOn(store: AuthorizationStore): Omit<AuthorizationServerOptions, 'config' | 'keys'> {
  return {
    issuer: 'http://localhost:9001',
    features,
    storage: store,
    cookieKeys: [randomBytes(32).toString('hex')],
    nonceSecret: randomBytes(32),
    trustedProxies: ['127.0.0.1', '::1'],
  };
}

class ProfilesModule {}

/** One replica: the server with its HTTP, on a free port. */
export class Replica {
  private constructor(
    readonly url: string,
    private readonly app: NestExpressApplication,
    private readonly store: AuthorizationStore,
  ) {}

  /** @throws ConfigurationError for what stops the start */
  static async start(
    database: { readonly url: string; readonly keys: SigningKeys; readonly encryption: string },
    file: object,
    profiles: readonly Provider[],
  ): Promise<Replica> {
    const config = parseServerConfig(file, {}, { sections: features.all });
    const { tables, auditFields } = features;
    const { url, encryption } = database;
    const encryptionKeys = url.endsWith(':memory:') ? {} : { encryptionKeys: [encryption] };
    const store = await openStore({ url, sweepInterval: 0, tables, auditFields, ...encryptionKeys });
    const server = AuthorizationServerModule.forRoot({ ...serverOn(store), config, keys: database.keys });
    const own: DynamicModule = { module: ProfilesModule, providers: [...profiles] };
    const root: DynamicModule = {
      module: class {},
      imports: [server, own, ...featureModules(features.in(config), server)],
    };
    try {
      const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
      app.use(app.get(AuthorizationServer).middleware);
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      return new Replica(`http://127.0.0.1:${port}`, app, store);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Asks for a token, from an address. */
  async token(client: string, form: Record<string, string>, from = '192.0.2.1'): Promise<Answer> {
    const authorization = `Basic ${btoa(`${client}:${SECRET}`)}`;
    const body = new URLSearchParams(form);
    const headers = { authorization, 'x-forwarded-for': from };
    return toAnswer(await fetch(`${this.url}/oauth2/token`, { method: 'POST', headers, body }));
  }

  /** Calls an endpoint for operators. */
  async asOperator(path: string, form?: Record<string, string>): Promise<Answer> {
    const { body } = await this.token('operator', { grant_type: GrantType.ClientCredentials }, '192.0.2.250');
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const sent = form && { method: 'POST', body: new URLSearchParams(form) };
    return toAnswer(await fetch(this.url + path, { headers, ...sent }));
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.store.close();
  }
}

async function toAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}
