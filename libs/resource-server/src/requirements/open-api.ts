import 'reflect-metadata';
import { forbiddenBecause } from './forbidden.js';
import type { Requirement } from './requirements.js';

/** The metadata keys by which @nestjs/swagger (which need not be installed) describes a handler, and Nest marks one. */
const EXTENSIONS = 'swagger/apiExtension';
const RESPONSES = 'swagger/apiResponse';
const METHOD = 'method';
const FORBIDDEN = 403;

interface Described {
  readonly description?: string;
}

/** Has the OpenAPI description of a handler, or of all handlers of a controller, tell that it is closed to impersonations. */
export function describeNotImpersonated(handler: object | undefined, controller: object): void {
  describe(handler, controller, { 'x-not-impersonated': true }, { kind: 'not_impersonated' });
}

/** The same for what is closed to AI agents. */
export function describeNoAgents(handler: object | undefined, controller: object): void {
  describe(handler, controller, { 'x-no-agents': true }, { kind: 'no_agents' });
}

/** The same for what is open to one kind of party only. */
export function describeActorProfile(profile: string, handler: object | undefined, controller: object): void {
  describe(handler, controller, { 'x-actor-profile': profile }, { kind: 'actor_profile', profile });
}

function describe(handler: object | undefined, controller: object, extension: object, refused: Requirement): void {
  for (const each of handler ? [handler] : handlersOf(controller)) {
    add(each, EXTENSIONS, extension);
    const told = Reflect.getMetadata(RESPONSES, each) as Readonly<Record<number, Described>> | undefined;
    const { [FORBIDDEN]: forbidden, ...others } = told ?? {};
    // what is told of it by others counts, too
    const reasons = [...forbiddenBecause([refused]), ...(forbidden?.description ? [forbidden.description] : [])];
    const described = { ...forbidden, description: reasons.join('; ') };
    Reflect.defineMetadata(RESPONSES, { ...others, [FORBIDDEN]: described }, each);
  }
}

function add(handler: object, key: string, told: object): void {
  const others = (Reflect.getMetadata(key, handler) as object | undefined) ?? {};
  Reflect.defineMetadata(key, { ...told, ...others }, handler);
}

function handlersOf(controller: object): readonly object[] {
  const { prototype } = controller as { readonly prototype: object };
  return Object.values(Object.getOwnPropertyDescriptors(prototype))
    .map(({ value }) => value as unknown)
    .filter((value): value is object => typeof value === 'function' && Reflect.hasMetadata(METHOD, value));
}
