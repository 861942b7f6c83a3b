import 'reflect-metadata';

/** The metadata keys by which @nestjs/swagger (which need not be installed) describes a handler, and Nest marks one. */
const EXTENSIONS = 'swagger/apiExtension';
const RESPONSES = 'swagger/apiResponse';
const METHOD = 'method';

/** Has the OpenAPI description of a handler, or of all handlers of a controller, tell that it is closed to impersonations. */
export function describeNotImpersonated(handler: object | undefined, controller: object): void {
  for (const each of handler ? [handler] : handlersOf(controller)) {
    add(each, EXTENSIONS, { 'x-not-impersonated': true });
    add(each, RESPONSES, {
      403: { description: 'Not while an administrator uses the account: impersonation_forbidden' },
    });
  }
}

// what is told of it by others counts
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
