import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  parseServerConfig,
  SigningKeys,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';

// that of Node.js makes objects of another realm than Jest's, which the provider does not take for plain ones
globalThis.structuredClone = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** What servers of one process may share, because it takes long to make. */
export interface Shared {
  readonly store: AuthorizationStore;
  readonly keys: SigningKeys;
}

/** A store in memory, and fresh keys. */
export async function makeShared(): Promise<Shared> {
  return { store: await openStore({ url: 'sqlite::memory:', sweepInterval: 0 }), keys: await SigningKeys.generate() };
}

/** The whole server in this process: of one configuration, with real HTTP on a free port. */
export class InProcessServer {
  private constructor(
    readonly issuer: string,
    private readonly app: NestExpressApplication,
    private readonly server: Server,
  ) {}

  /**
   * @param share also as it is made for the issuer, which the lineage of exchanged tokens needs
   * @param settings beside those that every server of the tests has
   * @throws ConfigurationError for what the file may not say
   */
  static async start(
    config: object,
    share: Shared | ((issuer: string) => Promise<Shared>),
    settings: Partial<AuthorizationServerOptions> = {},
  ): Promise<InProcessServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
    const { store, keys } = typeof share === 'function' ? await share(issuer) : share;
    const options: AuthorizationServerOptions = {
      issuer,
      config: parseServerConfig(config, {}),
      keys,
      cookieKeys: ['c'.repeat(32)],
      nonceSecret: Buffer.alloc(32, 1),
      storage: store,
      ...settings,
    };
    const module = AuthorizationServerModule.forRoot(options);
    const app = await NestFactory.create<NestExpressApplication>(module, { logger: false, abortOnError: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.init();
    server.on('request', app.getHttpAdapter().getInstance() as RequestListener);
    return new InProcessServer(issuer, app, server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.app.close();
  }
}
