import { type RequestMethod, type Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';

/** What a handler of a controller answers, before any prefix or version. */
export interface ControllerRoute {
  readonly method: RequestMethod;
  /** As it is declared, with a slash before it and none behind, such as `/login/:uid`. */
  readonly path: string;
}

/** The routes that a controller declares. */
export function routesOf(controller: Type): ControllerRoute[] {
  const prototype = controller.prototype as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    return pathsOf(controller).flatMap((before) =>
      pathsOf(handler).map((path) => ({
        method,
        path: `/${before}/${path}`.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, ''),
      })),
    );
  });
}

function pathsOf(target: object): string[] {
  return [(Reflect.getMetadata('path', target) ?? '') as string | string[]].flat();
}
