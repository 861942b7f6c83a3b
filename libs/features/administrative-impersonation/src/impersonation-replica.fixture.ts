import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  featureModules,
  type SigningKeys,
} from '@onbehalf/authorization-server';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { features, ISSUER, parse } from './impersonation-configuration.fixture.js';

/** A replica of the server, and where it listens. */
export interface Replica {
  readonly app: NestExpressApplication;
  readonly url: string;
}

/** Starts a replica on the store. */
export async function startReplica(
  store: AuthorizationStore,
  keys: SigningKeys,
  cookieKeys: string[],
): Promise<Replica> {
  const config = parse();
  const server = AuthorizationServerModule.forRoot({
    issuer: ISSUER,
    config,
    keys,
    features,
    storage: store,
    cookieKeys,
    nonceSecret: Buffer.alloc(32),
  });
  const module = { imports: [server, ...featureModules(features.in(config), server)] };
  const testing = await Test.createTestingModule(module).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ logger: false });
  app.use(app.get(AuthorizationServer).middleware);
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}` };
}
