import { SetMetadata } from '@nestjs/common';
import { isScopeToken } from '@onbehalf/oauth-protocol';
import 'reflect-metadata';
import { PUBLIC, REQUIREMENTS, type Requirement } from './requirements.js';

type RouteDecorator = ClassDecorator & MethodDecorator;

/** Lets requests without an access token reach the handler, or all handlers of the controller that demand nothing. */
export const Public = (): RouteDecorator => SetMetadata(PUBLIC, true);

/** The token must hold all of these scopes, otherwise 403 `insufficient_scope`. RFC 6750 §3.1. */
export const Scopes = (...scopes: readonly string[]): RouteDecorator =>
  demand({ kind: 'scopes', scopes: scopeTokens('@Scopes', scopes) });

/** The token must hold one of these scopes, otherwise 403 `insufficient_scope`. */
export const AnyScope = (...scopes: readonly string[]): RouteDecorator =>
  demand({ kind: 'any_scope', scopes: scopeTokens('@AnyScope', scopes) });

/**
 * One of these must act for the subject. Judged on the current actor alone: earlier ones are informational. RFC 8693 §4.1.
 * A name is that of an actor of the token's own issuer; an actor of another issuer (`act.iss`) does not match.
 */
export const Actors = (...actors: readonly string[]): RouteDecorator =>
  demand({ kind: 'actors', actors: nonEmpty('@Actors', actors) });

/** Nobody may act for the subject: the token must have no `act` claim. */
export const NoDelegation = (): RouteDecorator => demand({ kind: 'no_delegation' });

/** Somebody must act for the subject: the token must have an `act` claim. */
export const RequireDelegation = (): RouteDecorator => demand({ kind: 'delegation' });

/** How the user must have authenticated. RFC 9470 §4. */
export interface StepUpOptions {
  /** Accepted authentication context classes, the preferred one first. */
  readonly acr?: string | readonly string[];
  /** Seconds since the user authenticated. */
  readonly maxAge?: number;
}

/** The user must have authenticated so, otherwise 401 `insufficient_user_authentication`. RFC 9470 §3. */
export const StepUp = ({ acr = [], maxAge }: StepUpOptions): RouteDecorator => {
  const classes = [acr].flat();
  if (classes.length === 0 && maxAge === undefined) throw new TypeError('@StepUp needs acr or maxAge');
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) {
    throw new TypeError('@StepUp maxAge must be a whole number of seconds');
  }
  return demand({ kind: 'step_up', acr: classes, maxAge });
};

/** Adds to what other decorators on the same target demand; SetMetadata would replace it. */
function demand(requirement: Requirement): RouteDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const decorated = (descriptor?.value ?? target) as object;
    const others = (Reflect.getOwnMetadata(REQUIREMENTS, decorated) as readonly Requirement[] | undefined) ?? [];
    Reflect.defineMetadata(REQUIREMENTS, [requirement, ...others], decorated);
  };
}

// an empty list would demand nothing where the reader sees a demand
function nonEmpty(decorator: string, values: readonly string[]): readonly string[] {
  if (values.length === 0 || values.some((value) => typeof value !== 'string' || value === '')) {
    throw new TypeError(`${decorator} needs one or more non-empty names`);
  }
  return values;
}

function scopeTokens(decorator: string, scopes: readonly string[]): readonly string[] {
  const invalid = nonEmpty(decorator, scopes).find((scope) => !isScopeToken(scope));
  if (invalid !== undefined) throw new TypeError(`${decorator} got "${invalid}", which is no scope token`);
  return scopes;
}
