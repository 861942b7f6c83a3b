import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { Authenticator } from '../authentication/authenticator.js';
import { Authenticators } from '../authentication/authenticators.js';
import { isGuardedLater } from '../guard/guarded-later.js';
import {
  accessesAt,
  ancestry,
  demandsAt,
  requirementsOfHandler,
  type Requirement,
} from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { MODULE } from '../module-name.js';
import { RESOURCE_SERVER_SETTINGS } from '../settings/resource-server.tokens.js';
import { handlersOf, type Handler, type Target } from './handlers.js';

/**
 * Looks through all handlers when the application starts. A demand that nothing would enforce, or that contradicts itself,
 * stops the start: a reader of the handler takes it for enforced.
 */
@Injectable()
export class DemandCheck implements OnModuleInit {
  readonly #settings: ResourceServerSettings;
  readonly #modules: ModulesContainer;
  readonly #authenticator: Authenticator;
  readonly #all: Authenticators;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(Authenticators) all: Authenticators,
  ) {
    this.#settings = settings;
    this.#modules = modules;
    this.#authenticator = authenticator;
    this.#all = all;
  }

  /** @throws ConfigurationError naming handler, demand and the setting that enforces it */
  onModuleInit(): void {
    const all = handlersOf(this.#modules);
    all.filter(({ owner }) => !this.#all.of(owner)).forEach(checkUnguarded);
    const handlers = all.filter(({ owner }) => this.#authenticator.guards(owner));
    const fieldsAreGuarded = this.#graphqlOptions().every(({ fieldResolverEnhancers = [] }) =>
      fieldResolverEnhancers.includes('guards'),
    );
    for (const handler of handlers) {
      checkContradiction(handler);
      if (!fieldsAreGuarded) checkField(handler, this.#settings.global);
      if (!this.#settings.externalHandlers.includes(handler.owner as Type)) checkUnknown(handler);
    }
    checkClasses(handlers);
  }

  /** The options of all GraphQL modules. */
  #graphqlOptions(): readonly { readonly fieldResolverEnhancers?: readonly string[] }[] {
    return [...this.#modules.values()].flatMap(({ providers }) => {
      const options: unknown = providers.get('GqlModuleOptions')?.instance;
      return typeof options === 'object' && options !== null ? [options] : [];
    });
  }
}

function checkContradiction({ owner, method, name }: Handler): void {
  for (const target of [method, ...ancestry(owner)]) {
    const words = [...accessesAt(target).map(wordOf), ...demandsAt(target).map(decoratorOf)];
    if (accessesAt(target).length === 0 || words.length === 1) continue;
    const place = target === method ? name : target.name;
    throw new ConfigurationError(`${MODULE}: ${words.join(' with ')} on ${place}`, 'a contradiction', 'one of them');
  }
}

/** The guard of an embedded server sees what is its own; without one of the application nobody judges the rest. */
function checkUnguarded({ owner, method, name, kind }: Handler): void {
  if (kind === undefined) return;
  const { access, requirements } = requirementsOfHandler(method, owner);
  const demand = requirements[0] ? decoratorOf(requirements[0]) : isGuardedLater(owner, method) && 'AccessTokenGuard';
  if (!demand || access !== 'token') return;
  const given = 'not enforced: the server inside the application guards its own routes alone';
  throw new ConfigurationError(`${MODULE}: ${demand} on ${name}`, given, 'ResourceServerModule in the application');
}

/** Nest guards queries, and by default not the fields of what they return. */
function checkField({ owner, method, name, kind }: Handler, isGlobal: boolean): void {
  if (kind !== 'field' && kind !== 'reference') return;
  const { access, requirements } = requirementsOfHandler(method, owner);
  // a reference is resolved for whoever asks for `_entities`, which no query has guarded
  const demand = requirements[0] ? decoratorOf(requirements[0]) : kind === 'reference' && isGlobal && 'global: true';
  if (!demand || access !== 'token') return;
  const accepted = "fieldResolverEnhancers: ['guards'] in the options of GraphQLModule, or the demand on the query";
  throw new ConfigurationError(`${MODULE}: ${demand} on ${name}`, 'not enforced on fields', accepted);
}

function checkUnknown({ method, name, kind }: Handler): void {
  const [demand] = demandsAt(method);
  if (kind !== undefined || !demand) return;
  throw notEnforced(demand, name, `externalHandlers: [${name.split('.')[0]}] in the options of ResourceServerModule`);
}

/** Demands of a class hold for its handlers; one without any is called by something that Nest does not guard. */
function checkClasses(handlers: readonly Handler[]): void {
  const handled = new Set(handlers.filter(({ kind }) => kind !== undefined).map(({ owner }) => owner));
  for (const owner of new Set(handlers.map(({ owner }: Handler): Target => owner))) {
    const [demand] = ancestry(owner).flatMap(demandsAt);
    if (demand && !handled.has(owner)) throw notEnforced(demand, owner.name, 'it on the methods that are handlers');
  }
}

function notEnforced(demand: Requirement, place: string, accepted: string): ConfigurationError {
  const given = 'not enforced: no route, message, query or field';
  return new ConfigurationError(`${MODULE}: ${decoratorOf(demand)} on ${place}`, given, accepted);
}

const wordOf = (access: 'optional' | 'public'): string => (access === 'public' ? '@Public()' : '@OptionalToken()');

/** The demand as it stands in the code. */
export function decoratorOf(requirement: Requirement): string {
  const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
  switch (requirement.kind) {
    case 'scopes':
      return `@Scopes(${list(requirement.scopes)})`;
    case 'any_scope':
      return `@AnyScope(${list(requirement.scopes)})`;
    case 'roles':
      return `@Roles(${list(requirement.roles)})`;
    case 'actors':
    case 'known_actor':
      return `@Actors(${list(requirement.actors)})`;
    case 'actor_profile':
      return `@Actors({ profile: '${requirement.profile}' })`;
    case 'no_delegation':
      return '@NoDelegation()';
    case 'not_impersonated':
      return '@NotImpersonated()';
    case 'no_agents':
      return '@NoAgents()';
    case 'delegation':
      return '@RequireDelegation()';
    case 'step_up':
      return '@StepUp(…)';
  }
}
