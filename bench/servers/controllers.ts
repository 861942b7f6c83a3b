/** Controllers without decorator syntax, which type stripping does not know. */
import { Controller, Get, Module, type DynamicModule, type Type } from '@nestjs/common';

/** Paths, and what answers them. */
export type Routes = Readonly<Record<string, () => unknown>>;

/** A module that answers GET requests at these paths. */
export function serving(routes: Routes, imports: NonNullable<DynamicModule['imports']> = []): Type {
  class Routing {}
  for (const [path, answer] of Object.entries(routes)) {
    const method = { value: () => answer(), configurable: true, writable: true };
    Object.defineProperty(Routing.prototype, path, method);
    Get(path)(Routing.prototype, path, method);
  }
  Controller()(Routing);
  class Serving {}
  Module({ controllers: [Routing], imports })(Serving);
  return Serving;
}
