import type { AddressInfo } from 'node:net';
import type { INestApplication, Provider, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { ISSUED_TOKENS, OWN_ISSUER } from '../ports/injection-tokens.js';
import { ADMIN_AUDIENCE } from '../configuration/admin-audience.js';
import { OWN_ALGORITHMS } from '../keys/key-set.js';
import { SigningKeys } from '../keys/signing-keys.js';

const ISSUER = 'https://server.example';

/** Admin endpoints on a free port, guarded as in the server, with operators' tokens that are signed for real. */
export class AdminEndpoints {
  readonly revoked = new Set<string>();
  #app!: INestApplication;
  #keys!: SigningKeys;
  #url!: string;

  static async start(controller: Type, providers: readonly Provider[]): Promise<AdminEndpoints> {
    const endpoints = new AdminEndpoints();
    endpoints.#keys = await SigningKeys.generate();
    const own: TrustedIssuer = { issuer: ISSUER, keys: endpoints.#keys.verification, algorithms: OWN_ALGORITHMS };
    const tokens = {
      standing: (jti: string) => Promise.resolve({ known: true, revoked: endpoints.revoked.has(jti) }),
    };
    const module = await Test.createTestingModule({
      controllers: [controller],
      providers: [{ provide: OWN_ISSUER, useValue: own }, { provide: ISSUED_TOKENS, useValue: tokens }, ...providers],
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
