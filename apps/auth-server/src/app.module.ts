import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Module, type DynamicModule } from '@nestjs/common';
import {
  AuthorizationServerModule,
  readServerConfig,
  SigningKeys,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { JSONWebKeySet } from 'jose';
import type { Settings } from './environment.js';
import { exchangeConfig } from './exchange.config.js';
import { StoreModule } from './store.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const config = readServerConfig(settings.AUTH_SERVER_CONFIG, process.env);
    const store = StoreModule.with(settings);
    return {
      module: AppModule,
      imports: [
        store,
        AuthorizationServerModule.forRootAsync({
          imports: [store],
          inject: [AuthorizationStore],
          useFactory: async (storage: AuthorizationStore): Promise<AuthorizationServerOptions> => ({
            issuer: settings.ISSUER,
            config,
            keys: await signingKeys(settings),
            exchange: exchangeConfig,
            audit: { record: async (event) => void (await storage.audit.append({ type: 'token_exchange', ...event })) },
            auditTrail: storage.audit,
            clientCertificateHeader: settings.CLIENT_CERTIFICATE_HEADER,
            tokens: storage.tokens,
            replay: storage.replay,
            adapter: storage.providerAdapter,
            cookieKeys: settings.COOKIE_KEYS ?? [randomBytes(32).toString('base64url')],
            nonceSecret: settings.NONCE_SECRET ? Buffer.from(settings.NONCE_SECRET, 'hex') : randomBytes(32),
          }),
        }),
      ],
    };
  }
}

async function signingKeys({ SIGNING_KEYS_FILE: path }: Settings): Promise<SigningKeys> {
  if (path === undefined) return SigningKeys.generate();
  try {
    return await SigningKeys.of(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError('SIGNING_KEYS_FILE', path, 'a readable JWK Set with private keys for ES256 and RS256');
  }
}
