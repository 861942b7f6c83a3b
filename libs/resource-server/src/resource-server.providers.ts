import { type Provider, type Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { Authenticator } from './authentication/authenticator.js';
import { Authenticators } from './authentication/authenticators.js';
import { AuthorizationServerHealthIndicator } from './authorization-server.health.js';
import { DemandCheck } from './demands/demand-check.js';
import { ExternalHandlers } from './demands/external-handlers.js';
import { MessageCheck } from './demands/message-check.js';
import { AccessTokenGuard } from './guard/access-token.guard.js';
import { AccessTokenInterceptor } from './guard/access-token.interceptor.js';
import { AccessTokenStrategy } from './guard/access-token.strategy.js';
import { GlobalGuard } from './guard/global.guard.js';
import { MetadataRoute } from './metadata-route.js';
import { Registration } from './registration.js';
import { RequestContexts } from './request/request-contexts.js';
import { toSettings } from './settings/resource-server-settings.js';
import { RESOURCE_SERVER_OPTIONS, RESOURCE_SERVER_SETTINGS } from './settings/resource-server.tokens.js';

/** What one resource server is made of. */
export const RESOURCE_SERVER_PROVIDERS: Provider[] = [
  { provide: RESOURCE_SERVER_SETTINGS, useFactory: toSettings, inject: [RESOURCE_SERVER_OPTIONS] },
  Authenticators,
  Authenticator,
  AccessTokenStrategy,
  AccessTokenGuard,
  AuthorizationServerHealthIndicator,
  MetadataRoute,
  AccessTokenInterceptor,
  DemandCheck,
  ExternalHandlers,
  MessageCheck,
  GlobalGuard,
  RequestContexts,
  Registration,
];

/**
 * With two of one kind nobody could say which one a guard belongs to.
 * @throws ConfigurationError for a module that the application has more than once
 */
export function requireOne(module: Type, modules: ModulesContainer, accepted: string): void {
  const registered = [...modules.values()].filter(({ metatype }) => metatype === module).length;
  if (registered > 1) throw new ConfigurationError(module.name, `${registered} registrations`, accepted);
}
