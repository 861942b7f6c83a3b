import type { CanActivate, ExecutionContext } from '@nestjs/common';
import 'reflect-metadata';
import { MODULE } from '../module-name.js';

/** What a handler or its controller demands of the access token. Every entry must hold; several of one kind add up. */
export type Requirement =
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  | { readonly kind: 'any_scope'; readonly scopes: readonly string[] }
  | { readonly kind: 'roles'; readonly roles: readonly string[]; readonly mode: 'ANY' | 'ALL' }
  | { readonly kind: 'actors'; readonly actors: readonly string[] }
  | { readonly kind: 'actor_profile'; readonly profile: string }
  /** Of the whole service: whoever acts must be one of these; nobody has to act. */
  | { readonly kind: 'known_actor'; readonly actors: readonly string[] }
  | { readonly kind: 'no_delegation' }
  | { readonly kind: 'not_impersonated' }
  | { readonly kind: 'no_agents' }
  | { readonly kind: 'delegation' }
  | { readonly kind: 'step_up'; readonly acr: readonly string[]; readonly maxAge?: number };

/** Metadata keys of the decorators. */
export const REQUIREMENTS = Symbol.for('@onbehalf/resource-server:requirements');
export const ACCESS = Symbol.for('@onbehalf/resource-server:access');

/** Whether a token must come, may come, or does not matter. */
export type Access = 'token' | 'optional' | 'public';

/** What holds for one route. */
export interface RouteRequirements {
  readonly access: Access;
  readonly requirements: readonly Requirement[];
}

/** A class as decorators see it. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what an execution context gives
type Target = Function;

const known = new WeakMap<object, WeakMap<object, RouteRequirements>>();

/** The requirements of the handler and of its controller together. */
export function requirementsOf(context: ExecutionContext): RouteRequirements {
  return requirementsOfHandler(context.getHandler(), context.getClass());
}

/** The requirements of a handler and of the class it belongs to. */
export function requirementsOfHandler(handler: Target, controller: Target): RouteRequirements {
  return known.get(controller)?.get(handler) ?? remember(handler, controller);
}

function remember(handler: Target, controller: Target): RouteRequirements {
  const handlers = known.get(controller) ?? new WeakMap<object, RouteRequirements>();
  const route = readRequirements(handler, controller);
  known.set(controller, handlers.set(handler, route));
  return route;
}

/** Demands add up; the nearest word decides whether there are any. */
function readRequirements(handler: Target, controller: Target): RouteRequirements {
  const levels = [...overridden(handler, controller), ...ancestry(controller)];
  const nearest = levels.find((level) => demandsAt(level).length > 0 || accessesAt(level).length > 0);
  // where a level says several, which stops the start, the strictest counts
  const access: Access = nearest && demandsAt(nearest).length === 0 ? strictest(accessesAt(nearest)) : 'token';
  const demands = levels.reverse().flatMap(demandsAt);
  return { access, requirements: access === 'token' ? demands : [] };
}

const strictest = (words: readonly Exclude<Access, 'token'>[]): Access =>
  words.includes('optional') ? 'optional' : 'public';

/** The handler, and the methods of base classes that it overrides. */
function overridden(handler: Target, controller: Target): readonly Target[] {
  const prototypes = ancestry(controller).map(({ prototype }) => prototype as object);
  const names = prototypes.flatMap((prototype) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([, { value }]) => value === handler),
  );
  const [name] = names[0] ?? [];
  if (name === undefined) return [handler];
  const methods = prototypes.map((prototype) => Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown);
  const found = methods.filter((method): method is Target => typeof method === 'function');
  return found.slice(found.indexOf(handler));
}

/** The class and those it extends, itself first. */
export function ancestry(controller: Target): readonly Target[] {
  const classes: Target[] = [];
  for (
    let one = controller as object | null;
    typeof one === 'function' && one !== Function.prototype;
    one = Object.getPrototypeOf(one) as object | null
  ) {
    classes.push(one);
  }
  return classes;
}

/** What one class or method demands by itself. */
export function demandsAt(target: object): readonly Requirement[] {
  return (Reflect.getOwnMetadata(REQUIREMENTS, target) as readonly Requirement[] | undefined) ?? [];
}

/** What one class or method says by itself of whether a token has to come; more than one word is a contradiction. */
export function accessesAt(target: object): readonly Exclude<Access, 'token'>[] {
  return (Reflect.getOwnMetadata(ACCESS, target) as readonly Exclude<Access, 'token'>[] | undefined) ?? [];
}

const GUARDED = Symbol('onbehalf:guarded');

/** Notes that the guard of this library has seen the call. */
export function markGuarded(context: ExecutionContext): void {
  (context as { [GUARDED]?: true })[GUARDED] = true;
}

/**
 * Stands on every handler that demands something, and refuses what no guard of this library has seen: where the module is
 * missing, or Nest leaves out global guards, a demand must not be lost.
 */
export const DEMANDS_ARE_HELD: CanActivate = {
  canActivate(context) {
    if ((context as { [GUARDED]?: true })[GUARDED]) return true;
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    throw new Error(`${MODULE}: ${handler} demands an access token, but the guard did not run before it`);
  },
};
