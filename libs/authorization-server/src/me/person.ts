import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { Request } from 'express';

/** Who asks about itself, by a token that comes straight from a login. */
export interface Person {
  readonly subject: string;
  /** The life of the account: what was done for a former one is not shown. */
  readonly life: number;
  /** What the login has granted to the client. */
  readonly grantId: string;
  /** The session of the login at this server; absent when the grant outlives it. */
  readonly sessionId?: string | undefined;
  readonly token: VerifiedAccessToken;
}

const PERSON = Symbol('onbehalf:person');

/** Keeps on the request who it comes from. */
export function setPerson(request: Request, person: Person): void {
  Object.assign(request, { [PERSON]: person });
}

/** A parameter decorator: who asks, as the guard has found out. */
export const CurrentPerson = createParamDecorator((_: unknown, context: ExecutionContext): Person => {
  const { [PERSON]: person } = context.switchToHttp().getRequest<Request & { [PERSON]?: Person }>();
  if (!person) throw new TypeError('No guard has found out who asks');
  return person;
});
