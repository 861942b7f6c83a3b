import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { Authenticator } from './authentication/authenticator.js';
import { Authenticators } from './authentication/authenticators.js';
import { MetadataRoute } from './metadata-route.js';
import { MODULE } from './module-name.js';
import { RequestContexts } from './request/request-contexts.js';
import type { ResourceServerSettings } from './settings/resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from './settings/resource-server.tokens.js';

/** The life of one resource server in an application: before the routes, at the start and at the end. */
@Injectable()
export class Registration implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #settings: ResourceServerSettings;
  readonly #authenticator: Authenticator;
  readonly #all: Authenticators;
  readonly #contexts: RequestContexts;
  readonly #metadata: MetadataRoute;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(Authenticators) all: Authenticators,
    @Inject(RequestContexts) contexts: RequestContexts,
    @Inject(MetadataRoute) metadata: MetadataRoute,
  ) {
    this.#settings = settings;
    this.#authenticator = authenticator;
    this.#all = all;
    this.#contexts = contexts;
    this.#metadata = metadata;
  }

  /** Called when middleware is set up. */
  settle(): void {
    this.#contexts.openForHttp();
    this.#metadata.register();
  }

  /** @throws ConfigurationError for an audience that is that of an embedded server */
  requireOwnAudiences(): void {
    const others = this.#all.audiencesBeside(this.#authenticator);
    const shared = this.#settings.audiences.find((audience) => others.includes(audience));
    if (shared === undefined) return;
    throw new ConfigurationError(
      `${MODULE}.audience`,
      shared,
      'one that the server inside the application does not have',
    );
  }

  /** Fetches the keys ahead of the first request. The start does not wait for them, nor fail without: readiness tells. */
  onApplicationBootstrap(): void {
    for (const { keys } of this.#settings.issuers) keys.ready?.().catch(() => undefined);
    for (const check of this.#settings.revocation) check.start?.();
  }

  onModuleDestroy(): void {
    for (const check of this.#settings.revocation) check.stop?.();
  }
}
