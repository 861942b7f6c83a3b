import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import type { ResourceServerSettings } from './settings/resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from './settings/resource-server.tokens.js';

/**
 * Serves `/.well-known/oauth-protected-resource` (RFC 9728 §3). Registered at the HTTP adapter, not as a controller: a global
 * prefix would move it, a version would hide it and a global guard would ask for the token that it tells how to get.
 */
@Injectable()
export class MetadataRoute {
  readonly #settings: ResourceServerSettings;
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Called when middleware is set up, before any route: a catch-all route would take this one's place. */
  register(): void {
    const { resource } = this.#settings;
    const adapter: AbstractHttpAdapter | undefined = this.#host.httpAdapter;
    if (!resource || !adapter) return;
    // public, and asked for by clients in browsers
    const allow = (response: unknown): void => void adapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
    adapter.get(resource.path, (_request: unknown, response: unknown) => {
      allow(response);
      adapter.setHeader(response, 'Content-Type', 'application/json');
      adapter.reply(response, resource.metadata, 200);
    });
    adapter.options(resource.path, (_request: unknown, response: unknown) => {
      allow(response);
      adapter.setHeader(response, 'Access-Control-Allow-Headers', '*');
      adapter.reply(response, '', 204);
    });
  }
}
