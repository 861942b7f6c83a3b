import type { INestApplicationContext } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { handlersOf, type Handler } from '../demands/handlers.js';
import { MODULE } from '../module-name.js';
import { requirementsOfHandler, type RouteRequirements } from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS, STRATEGY_NAME } from '../settings/resource-server.tokens.js';
import { describeOperation, type Operation } from './describe-operation.js';
import { distinct } from './security-requirements.js';
import { schemeOf, schemeSettings, withScopes, type Scheme, type SecuritySchemeOptions } from './security-scheme.js';
import { readTags, withTags } from './tagged-handlers.js';

/** What of an OpenAPI document is read and written; that of `@nestjs/swagger` is one. */
export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, object>;
  webhooks?: Record<string, object>;
  components?: { securitySchemes?: Record<string, object> };
  security?: Record<string, string[]>[];
}

/**
 * Has an OpenAPI document tell what the guard demands: at each guarded operation the security requirement with its scopes, and the
 * answers 401 and 403; for all of them one security scheme with the scopes that occur. Open routes get nothing. What the document
 * says by itself stays. Needs no package: whoever calls it has `@nestjs/swagger`.
 * @param create makes the document: `() => SwaggerModule.createDocument(app, config)`
 * @throws TypeError when the options are not good; Error when the application has no `ResourceServerModule`
 */
export function describeSecurity<Document extends OpenApiDocument>(
  app: INestApplicationContext,
  create: () => Document,
  options: SecuritySchemeOptions = {},
): Document {
  const { name, scopes: told, ...urls } = schemeSettings(options);
  const settings = settingsOf(app);
  const routes = handlersOf(app.get(ModulesContainer)).filter(({ kind }) => kind === 'route');
  const document = withTags(routes, create);
  const schemes: Record<string, Scheme> = document.components?.securitySchemes ?? {};
  const scheme = schemes[name] ?? schemeOf({ name, scopes: told, ...urls });
  const described = {
    name,
    schemes: { ...schemes, [name]: scheme },
    // OpenAPI 3.0 keeps scopes for these two; 3.1 takes names of what is required for any
    namesScopes: scheme.type === 'oauth2' || scheme.type === 'openIdConnect' || !document.openapi.startsWith('3.0'),
    security: document.security,
  };
  const scopes: string[] = [];
  for (const operation of operationsOf(document)) {
    const { route, own } = readTags(routes, operation.security ?? []);
    const demanded = route && demandsOf(route, settings);
    describeOperation(operation, own, demanded, described);
    scopes.push(...(demanded?.requirements ?? []).flatMap((one) => ('scopes' in one ? one.scopes : [])));
  }
  const securitySchemes = { ...schemes, [name]: withScopes(scheme, distinct(scopes), told) };
  document.components = { ...document.components, securitySchemes };
  return document;
}

function settingsOf(app: INestApplicationContext): ResourceServerSettings {
  try {
    return app.get<ResourceServerSettings>(RESOURCE_SERVER_SETTINGS, { strict: false });
  } catch (cause) {
    throw new Error(`${MODULE}: describeSecurity needs it in the application`, { cause });
  }
}

function operationsOf({ paths, webhooks }: OpenApiDocument): readonly Operation[] {
  const items = [...Object.values(paths), ...Object.values(webhooks ?? {})];
  return items.flatMap((item) =>
    Object.values(item).filter(
      (value): value is Operation => typeof value === 'object' && value !== null && 'responses' in value,
    ),
  );
}

/** What the guard will demand, with what holds for the whole service; `undefined` where it does not stand. */
function demandsOf({ owner, method }: Handler, settings: ResourceServerSettings): RouteRequirements | undefined {
  const { access, requirements } = requirementsOfHandler(method, owner);
  if (access !== 'token') return { access, requirements: [] };
  const isGuarded = settings.global || requirements.length > 0 || [owner, method].some(hasGuard);
  return isGuarded ? { access, requirements: [...settings.requirements, ...requirements] } : undefined;
}

/** Whether `AccessTokenGuard`, or that of passport for its strategy, stands on a class or a method. */
function hasGuard(target: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, target) as readonly unknown[] | undefined) ?? [];
  const passport = AuthGuard(STRATEGY_NAME);
  return guards.some(
    (guard) => typeof guard === 'function' && (guard === passport || guard.prototype instanceof passport),
  );
}
