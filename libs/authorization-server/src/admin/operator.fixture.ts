import type { AddressInfo } from 'node:net';
import type { INestApplication, Provider, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { ADMIN_AUDIENCE } from '../configuration/own/admin-audience.js';
import { parseServerConfig } from '../configuration/read-server-config.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { ownEndpoints } from '../wiring/own-endpoints.js';

const ISSUER = 'https://server.example';

const SCOPES = ['exchange.explain', 'audit.read', 'metrics.read', 'registrations.read', 'registrations.write'];
const OPERATORS = {
  resources: [{ audience: ADMIN_AUDIENCE, scopes: SCOPES }],
  clients: [
    {
      clientId: 'operator',
      secret: 'secret',
      grantTypes: ['client_credentials'],
      scopes: SCOPES,
      defaultResource: ADMIN_AUDIENCE,
    },
  ],
};

/** Admin endpoints on a free port, guarded as in the server, with operators' tokens that are signed for real. */
export class AdminEndpoints {
  readonly revoked = new Set<string>();
  #app!: INestApplication;
  #keys!: SigningKeys;
  #url!: string;

  static async start(controller: Type, providers: readonly Provider[]): Promise<AdminEndpoints> {
    const endpoints = new AdminEndpoints();
    endpoints.#keys = await SigningKeys.generate();
    const used = new Set<string>();
    const options = ownEndpoints({
      issuer: ISSUER,
      config: parseServerConfig(OPERATORS, {}),
      keys: endpoints.#keys,
      storage: {
        tokens: { standing: (jti) => Promise.resolve({ known: true, revoked: endpoints.revoked.has(jti) }) },
        replay: { use: (key) => Promise.resolve(used.size !== used.add(key).size) },
      },
      nonceSecret: new Uint8Array(32),
    });
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forRoot(options)],
      controllers: [controller],
      providers: [...providers],
    }).compile();
    const app = module.createNestApplication<NestExpressApplication>({ logger: false });
    await app.listen(0, '127.0.0.1');
    endpoints.#app = app;
    endpoints.#url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    return endpoints;
  }

  /** An operator's token. */
  token(scope: string, claims: object = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: ISSUER, aud: ADMIN_AUDIENCE, sub: 'operator', client_id: 'operator', jti: 'operator-1', scope };
    return this.#keys.sign({ ...all, iat: now, exp: now + 60, ...claims }, { typ: 'at+jwt' });
  }

  async fetch(path: string, scope?: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (scope !== undefined) headers.set('authorization', `Bearer ${await this.token(scope)}`);
    return fetch(this.#url + path, { ...init, headers });
  }

  async fetchWith(token: string, path: string): Promise<Response> {
    return fetch(this.#url + path, { headers: { authorization: `Bearer ${token}` } });
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }
}
