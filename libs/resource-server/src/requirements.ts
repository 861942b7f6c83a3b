import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

/** What a handler or its controller demands of the access token. Every entry must hold; several of one kind add up. */
export type Requirement =
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  | { readonly kind: 'any_scope'; readonly scopes: readonly string[] }
  | { readonly kind: 'actors'; readonly actors: readonly string[] }
  /** Of the whole service: whoever acts must be one of these; nobody has to act. */
  | { readonly kind: 'known_actor'; readonly actors: readonly string[] }
  | { readonly kind: 'no_delegation' }
  | { readonly kind: 'delegation' }
  | { readonly kind: 'step_up'; readonly acr: readonly string[]; readonly maxAge?: number };

/** Metadata keys of the decorators. */
export const REQUIREMENTS = Symbol('onbehalf:requirements');
export const PUBLIC = Symbol('onbehalf:public');

/** What holds for one route. */
export interface RouteRequirements {
  readonly isPublic: boolean;
  readonly requirements: readonly Requirement[];
}

const reflector = new Reflector();
const known = new WeakMap<object, WeakMap<object, RouteRequirements>>();

/** The requirements of the handler and of its controller together. */
export function requirementsOf(context: ExecutionContext): RouteRequirements {
  const [handler, controller] = [context.getHandler(), context.getClass()];
  return known.get(controller)?.get(handler) ?? remember(handler, controller);
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what the Reflector takes
function remember(handler: Function, controller: Function): RouteRequirements {
  const handlers = known.get(controller) ?? new WeakMap<object, RouteRequirements>();
  const route = readRequirements(handler, controller);
  known.set(controller, handlers.set(handler, route));
  return route;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what the Reflector takes
function readRequirements(handler: Function, controller: Function): RouteRequirements {
  const own = requirementsAt(handler);
  // The nearest word counts, and a handler that asks for something is never public, whatever stands beside or above it.
  const isPublic = own.length === 0 && (isMarkedPublic(handler) || isMarkedPublic(controller));
  return { isPublic, requirements: isPublic ? [] : [...requirementsAt(controller), ...own] };
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what the Reflector takes
function requirementsAt(target: Function): readonly Requirement[] {
  return (Reflect.getMetadata(REQUIREMENTS, target) as readonly Requirement[] | undefined) ?? [];
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what the Reflector takes
function isMarkedPublic(target: Function): boolean {
  return reflector.get<boolean | undefined>(PUBLIC, target) === true;
}
