import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  FeatureRuntime,
  featureModules,
  type FeatureSet,
  type ServerConfig,
  type SigningKeys,
} from '@onbehalf/authorization-server';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { aiAgents } from './index.js';

// that of Node.js makes objects of another realm than Jest's, which the provider does not take for plain ones
globalThis.structuredClone = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

export interface Replica {
  readonly app: NestExpressApplication;
  readonly url: string;
  /** The lives that are led now. */
  readonly lives: () => { of: (kind: 'user' | 'client', id: string) => number | undefined };
}

export interface ReplicaParts {
  readonly issuer: string;
  readonly config: ServerConfig;
  readonly keys: SigningKeys;
  readonly features: FeatureSet;
  readonly store: AuthorizationStore;
  readonly cookieKeys: readonly string[];
}

/** Starts the whole server in this process, with real HTTP on a free port. */
export async function startReplica({ store, config, features, ...parts }: ReplicaParts): Promise<Replica> {
  const server = AuthorizationServerModule.forRoot({
    ...parts,
    config,
    features,
    storage: store,
    nonceSecret: Buffer.alloc(32),
  });
  const module = { imports: [server, ...featureModules(features.in(config), server)] };
  const testing = await Test.createTestingModule(module).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ logger: false });
  app.use(app.get(AuthorizationServer).middleware);
  await app.listen(0, '127.0.0.1');
  const { lifeOf } = app.get(FeatureRuntime, { strict: false }).partsOf(aiAgents);
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}`, lives: () => ({ of: lifeOf }) };
}
