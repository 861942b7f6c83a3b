import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { AuthorizationServerModule } from '../authorization-server.module.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { AuthorizationServer } from '../authorization-server.js';
import { parseServerConfig } from '../configuration/read-server-config.js';
import { featureModules } from '../features/feature-modules.js';
import { FeatureSet } from '../features/feature-set.js';
import { SigningKeys } from '../keys/signing-keys.js';
import type { ServerStorage } from '../ports/server-storage.js';

/** Seconds that a token lives unless told. */
const LIFETIME = 300;

/** A storage that the server closes with itself, such as `AuthorizationStore` on `sqlite::memory:`. */
export type TestStorage = ServerStorage & {
  /** Called when the server has closed. */
  close?(): Promise<void>;
};

/** What a token is to say. */
export interface TestToken {
  /** The user, or the client itself. */
  readonly subject: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Seconds; 300 unless told. */
  readonly expiresIn?: number;
}

/**
 * The whole authorization server in the process of a test, with real HTTP on a free port, real signatures and keys of its own.
 * `await using` closes it.
 */
export class AuthorizationServerTesting implements AsyncDisposable {
  private constructor(
    /** The issuer, and where it answers. */
    readonly issuer: string,
    /** The application, for what it provides. */
    readonly app: NestExpressApplication,
    private readonly keys: SigningKeys,
    private readonly storage: TestStorage,
    private readonly server: Server,
  ) {}

  /**
   * Starts a server.
   * @param config as the configuration file has it
   * @param storage made for the issuer; it is closed with the server
   * @param settings in place of those that every test has
   * @throws ConfigurationError for what the file may not say
   */
  static async start(
    config: object,
    storage: (issuer: string) => Promise<TestStorage>,
    settings: Partial<AuthorizationServerOptions> = {},
  ): Promise<AuthorizationServerTesting> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
    const { keys = await SigningKeys.generate(), features = new FeatureSet() } = settings;
    let opened: TestStorage | undefined;
    try {
      opened = await storage(issuer);
      const parsed = parseServerConfig(config, {}, { issuer, sections: features.all });
      const secrets = { cookieKeys: [randomBytes(32).toString('hex')], nonceSecret: randomBytes(32) };
      const options = { issuer, config: parsed, storage: opened, ...secrets, ...settings, keys, features };
      const app = await create(options);
      server.on('request', app.getHttpAdapter().getInstance() as RequestListener);
      return new AuthorizationServerTesting(issuer, app, keys, opened, server);
    } catch (error) {
      server.close();
      await opened?.close?.();
      throw error;
    }
  }

  /**
   * An access token of this server, on its record, without a login.
   * It says what it is told to: whether client, resource and scopes go together is for whoever takes it.
   */
  async token({ subject, clientId, audience, scopes, expiresIn = LIFETIME }: TestToken): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const [jti, exp] = [randomUUID(), iat + expiresIn];
    const known = { jti, clientId, subject, audiences: [audience], expiresAt: exp };
    if (!(await this.storage.tokens.record(known)))
      throw new ConfigurationError('token', jti, 'one that is not revoked');
    const claims = { iss: this.issuer, sub: subject, aud: audience, client_id: clientId, scope: scopes.join(' ') };
    return this.keys.sign({ ...claims, iat, exp, jti }, { typ: 'at+jwt' });
  }

  /** Closes the server, its connections and its storage. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.app.close();
    await this.storage.close?.();
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function create(
  options: AuthorizationServerOptions & { readonly features: FeatureSet },
): Promise<NestExpressApplication> {
  const { features, config } = options;
  const server = AuthorizationServerModule.forRoot(options);
  const root = { module: class TestedServer {}, imports: [server, ...featureModules(features.in(config), server)] };
  const app = await NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });
  app.use(app.get(AuthorizationServer, { strict: false }).middleware);
  return app.init();
}
