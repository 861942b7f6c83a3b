import type { Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { AccessTokenGuard } from './access-token.guard.js';

/** Whether `AccessTokenGuard` stands on a controller or on its handler. */
export function isGuardedLater(controller: object, handler: object): boolean {
  return [controller, handler].some((target) => {
    const guards = Reflect.getMetadata(GUARDS_METADATA, target) as readonly (Type | object)[] | undefined;
    return guards?.includes(AccessTokenGuard) ?? false;
  });
}
