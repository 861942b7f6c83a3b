import { createParamDecorator, InternalServerErrorException, type ExecutionContext } from '@nestjs/common';
import { currentAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { requirementsOf } from './requirements.js';
import { MODULE } from '../module-name.js';

/**
 * A parameter decorator that reads the verified access token; `undefined` on a public route, and without a token
 * on an optional one.
 * Anywhere else a missing token means that the guard is missing, and the request fails.
 */
function fromToken<T>(read: (token: VerifiedAccessToken) => T): () => ParameterDecorator {
  return createParamDecorator((_: unknown, context: ExecutionContext) => {
    // parameters are read inside the interceptor, whatever the transport
    const token = currentAccessToken();
    if (token) return read(token);
    if (requirementsOf(context).access !== 'token') return undefined;
    throw new InternalServerErrorException(
      `${MODULE}: the handler reads an access token, but no guard has verified one`,
    );
  });
}

/** The `sub` of the access token: for whom the request is made. RFC 9068 §2.2. */
export const CurrentSubject = fromToken((token) => token.subject);

/** Who acts for the subject now, the outermost `act`; `undefined` when nobody does. RFC 8693 §4.1. */
export const CurrentActor = fromToken((token) => token.actors[0]);

/** All who act for the subject, the current one first. Only the first may decide anything. RFC 8693 §4.1. */
export const DelegationChain = fromToken((token) => token.actors);

/** By which impersonation an administrator uses the account of the subject; `undefined` when nobody does. For a banner that says so. */
export const CurrentImpersonation = fromToken((token) => token.impersonation);

/** The whole verified access token. */
export const AccessToken = fromToken((token) => token);
