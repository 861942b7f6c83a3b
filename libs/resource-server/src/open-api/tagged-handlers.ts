import type { Handler, Target } from '../demands/handlers.js';
import type { SecurityRequirement } from './security-requirements.js';

/** The metadata key by which @nestjs/swagger (which need not be installed) reads the security of a class or a method. */
const SECURITY = 'swagger/apiSecurity';

const CONTROLLER = 'onbehalf:controller';
const METHOD = 'onbehalf:method';

/**
 * Runs `create` while every controller and every route has a tag among its security requirements. Its operations then tell which
 * route they are of, whatever they are called, and however prefixes, versions and modules put their paths together.
 */
export function withTags<Result>(routes: readonly Handler[], create: () => Result): Result {
  const controllers = [...new Set(routes.map(({ owner }) => owner))];
  const methods = [...new Set(routes.map(({ method }) => method))];
  const restore = [...tag(controllers, CONTROLLER), ...tag(methods, METHOD)];
  try {
    return create();
  } finally {
    for (const one of restore) one();
  }
}

/** The route of an operation that was described with tags, and the security it has by itself. */
export function readTags(
  routes: readonly Handler[],
  security: readonly SecurityRequirement[],
): { readonly route: Handler | undefined; readonly own: readonly SecurityRequirement[] } {
  const controllers = [...new Set(routes.map(({ owner }) => owner))];
  const methods = [...new Set(routes.map(({ method }) => method))];
  const owner = controllers[indexAt(security, CONTROLLER)];
  const method = methods[indexAt(security, METHOD)];
  return {
    route: routes.find((route) => route.owner === owner && route.method === method),
    own: security.filter((one) => !(CONTROLLER in one) && !(METHOD in one)),
  };
}

const indexAt = (security: readonly SecurityRequirement[], key: string): number =>
  Number(security.find((one) => key in one)?.[key]?.[0] ?? -1);

/** All are read before one is written: a class inherits the metadata of the class that it extends. */
function tag(targets: readonly Target[], key: string): (() => void)[] {
  const before = targets.map((target) => ({
    target,
    own: Reflect.getOwnMetadata(SECURITY, target) as unknown,
    seen: (Reflect.getMetadata(SECURITY, target) as readonly SecurityRequirement[] | undefined) ?? [],
  }));
  return before.map(({ target, own, seen }, index) => {
    Reflect.defineMetadata(SECURITY, [...seen, { [key]: [String(index)] }], target);
    return () =>
      own === undefined ? void Reflect.deleteMetadata(SECURITY, target) : Reflect.defineMetadata(SECURITY, own, target);
  });
}
