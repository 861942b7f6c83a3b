import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { RegistrationSet } from '../live/registration-set.js';

/** Operators are registered in the file alone: whoever may change registrations cannot make itself more than it is. */
export class OutOfReach extends Error {
  constructor() {
    super(
      'operators, all that leads to the resource of operators, and the own resources of this server are registered in the file only',
    );
  }
}

/**
 * @param operation taking access away by `disable` is always possible; giving it back is not
 * @throws OutOfReach for a change of something that is, before or after it, on a way to the resource of operators
 */
export function checkOutOfReach(
  before: RegistrationSet,
  after: RegistrationSet,
  { kind, id }: { readonly kind: RegistrationKind; readonly id: string },
  operation: string,
): void {
  if (operation === 'disable') return;
  if ([before, after].some(({ onTheWay }) => onTheWay[kind].has(id))) throw new OutOfReach();
}
