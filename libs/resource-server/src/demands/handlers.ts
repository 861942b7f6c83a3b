import type { ModulesContainer } from '@nestjs/core';
import { ancestry } from '../requirements/requirements.js';

/** A class as decorators see it, or a method. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what metadata stands on
export type Target = Function;

/** How a handler is called; `undefined` for a method that Nest itself calls in no way. */
export type HandlerKind = 'route' | 'message' | 'socket message' | 'query' | 'field' | 'reference' | undefined;

/** A method of a class that an application is made of. */
export interface Handler {
  readonly owner: Target;
  readonly method: Target;
  readonly name: string;
  readonly kind: HandlerKind;
  /** The instance; `undefined` for one that is made for each request. */
  readonly instance: object | undefined;
  /** The patterns of a message handler. */
  readonly patterns: readonly unknown[];
}

/** Metadata of Nest's packages, by the names they give it. */
const METADATA = {
  path: 'path',
  pattern: 'microservices:pattern',
  socketMessage: 'websockets:message_mapping',
  resolverType: 'graphql:resolver_type',
  resolvedProperty: 'graphql:resolve_property',
  resolvedReference: 'graphql:resolve_reference',
} as const;

/** All methods of all controllers and providers, inherited ones too. */
export function handlersOf(modules: ModulesContainer): readonly Handler[] {
  const wrappers = [...modules.values()].flatMap(({ controllers, providers }) => [
    ...[...controllers.values()].map((wrapper) => ({ wrapper, isController: true })),
    ...[...providers.values()].map((wrapper) => ({ wrapper, isController: false })),
  ]);
  return wrappers.flatMap(({ wrapper, isController }) => {
    const instance = wrapper.instance;
    if (typeof instance !== 'object' || instance === null) return [];
    const owner = instance.constructor as Target | undefined;
    if (typeof owner !== 'function' || owner === Object) return [];
    return methodsOf(owner).map(([name, method]) => ({
      owner,
      method,
      name: `${owner.name}.${name}`,
      kind: kindOf(method, isController),
      instance: wrapper.isDependencyTreeStatic() ? instance : undefined,
      patterns: (Reflect.getMetadata(METADATA.pattern, method) as readonly unknown[] | undefined) ?? [],
    }));
  });
}

function methodsOf(owner: Target): readonly [string, Target][] {
  const methods = new Map<string, Target>();
  for (const { prototype } of ancestry(owner)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype as object))) {
      // what a subclass overrides is not called
      if (typeof value === 'function' && name !== 'constructor' && !methods.has(name))
        methods.set(name, value as Target);
    }
  }
  return [...methods];
}

function kindOf(method: Target, isController: boolean): HandlerKind {
  const has = (key: string): boolean => Reflect.hasMetadata(key, method);
  if (isController && has(METADATA.path)) return 'route';
  if (isController && has(METADATA.pattern)) return 'message';
  if (has(METADATA.socketMessage)) return 'socket message';
  if (has(METADATA.resolvedReference)) return 'reference';
  if (has(METADATA.resolvedProperty)) return 'field';
  return has(METADATA.resolverType) ? 'query' : undefined;
}
