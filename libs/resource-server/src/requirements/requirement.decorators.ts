import { UseGuards } from '@nestjs/common';
import { isScopeToken } from '@onbehalf/oauth-protocol';
import 'reflect-metadata';
import { describeActorProfile, describeNoAgents, describeNotImpersonated } from './open-api.js';
import {
  ACCESS,
  accessesAt,
  DEMANDS_ARE_HELD,
  demandsAt,
  REQUIREMENTS,
  type Access,
  type Requirement,
} from './requirements.js';
import { MODULE } from '../module-name.js';

type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * Lets requests without an access token reach the handler, or all handlers of the controller. The nearest word counts: on a
 * handler it lifts what the class demands, on a class it does not lift what a handler or a subclass demands.
 */
export const Public = (): RouteDecorator => access('public');

/**
 * Lets requests without an access token reach the handler too. A token that comes is verified all the same, and refused when it
 * is not good. Takes precedence as `@Public()` does.
 */
export const OptionalToken = (): RouteDecorator => access('optional');

/** The token must hold all of these scopes, otherwise 403 `insufficient_scope`. RFC 6750 §3.1. */
export const Scopes = (...scopes: readonly string[]): RouteDecorator =>
  demand({ kind: 'scopes', scopes: scopeTokens('@Scopes', scopes) });

/** The token must hold one of these scopes, otherwise 403 `insufficient_scope`. */
export const AnyScope = (...scopes: readonly string[]): RouteDecorator =>
  demand({ kind: 'any_scope', scopes: scopeTokens('@AnyScope', scopes) });

/** Which of several roles the token must hold. */
export interface RolesOptions {
  readonly roles: readonly string[];
  /** Default `ANY`: one of them. */
  readonly mode?: 'ANY' | 'ALL';
}

/**
 * The token must hold one of these roles, or all of them with `{ roles, mode: 'ALL' }`, otherwise 403. Which claims hold roles
 * is said by the issuer's profile, or by the option `roles`.
 */
export const Roles = (...given: readonly string[] | readonly [RolesOptions]): RouteDecorator => {
  const [first] = given;
  const { roles, mode = 'ANY' } = typeof first === 'object' ? first : { roles: given as readonly string[] };
  if (mode !== 'ANY' && mode !== 'ALL') throw new TypeError(`${MODULE}: @Roles mode must be 'ANY' or 'ALL'`);
  return demand({ kind: 'roles', roles: nonEmpty('@Roles', roles), mode });
};

/** Which kind of party must act. */
export interface ActorsOptions {
  /** Such as `ai_agent`: the `sub_profile` of the actor. */
  readonly profile: string;
}

/**
 * One of these must act for the subject, or one of this kind. Judged on the current actor alone: earlier ones are informational.
 * RFC 8693 §4.1. A name is that of an actor of the token's own issuer; an actor of another issuer (`act.iss`) does not match. With
 * `{ profile: 'ai_agent' }`, a service may act after the agent: the token is marked. Of a kind, the OpenAPI description tells, too.
 */
export const Actors = (...given: readonly string[] | readonly [ActorsOptions]): RouteDecorator => {
  const [first] = given;
  if (typeof first !== 'object') return demand({ kind: 'actors', actors: nonEmpty('@Actors', given as string[]) });
  const [profile] = nonEmpty('@Actors', [first.profile]);
  return described({ kind: 'actor_profile', profile: profile! }, (handler, controller) =>
    describeActorProfile(profile!, handler, controller),
  );
};

/** Nobody may act for the subject: the token must have no `act` claim. */
export const NoDelegation = (): RouteDecorator => demand({ kind: 'no_delegation' });

/** Somebody must act for the subject: the token must have an `act` claim. */
export const RequireDelegation = (): RouteDecorator => demand({ kind: 'delegation' });

/**
 * No administrator may use the account, however many parties act since, otherwise 403 `impersonation_forbidden`: for passwords, e-mail
 * addresses, money. Stands in the OpenAPI description, too.
 */
export const NotImpersonated = (): RouteDecorator => described({ kind: 'not_impersonated' }, describeNotImpersonated);

/**
 * No AI agent may stand behind the request, as the subject or anywhere in the chain, however many parties act since, otherwise 403
 * `agent_forbidden`: for what a person has to do. Stands in the OpenAPI description, too.
 */
export const NoAgents = (): RouteDecorator => described({ kind: 'no_agents' }, describeNoAgents);

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
  if (classes.length === 0 && maxAge === undefined) throw new TypeError(`${MODULE}: @StepUp needs acr or maxAge`);
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) {
    throw new TypeError(`${MODULE}: @StepUp maxAge must be a whole number of seconds`);
  }
  return demand({ kind: 'step_up', acr: classes, maxAge });
};

/** Adds to the words of other decorators on the same target, so that the start can tell a contradiction. */
function access(word: Exclude<Access, 'token'>): RouteDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const decorated = (descriptor?.value ?? target) as object;
    Reflect.defineMetadata(ACCESS, [word, ...accessesAt(decorated).filter((other) => other !== word)], decorated);
  };
}

/** A demand that the OpenAPI description tells of. */
function described(
  requirement: Requirement,
  describe: (handler: object | undefined, controller: object) => void,
): RouteDecorator {
  const demanded = demand(requirement);
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    demanded(target as never, key!, descriptor!);
    describe(descriptor?.value as object | undefined, target);
  };
}

/** Adds to what other decorators on the same target demand; SetMetadata would replace it. */
function demand(requirement: Requirement): RouteDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const decorated = (descriptor?.value ?? target) as object;
    const others = demandsAt(decorated);
    Reflect.defineMetadata(REQUIREMENTS, [requirement, ...others], decorated);
    if (others.length === 0) UseGuards(DEMANDS_ARE_HELD)(target, key!, descriptor!);
  };
}

// an empty list would demand nothing where the reader sees a demand
function nonEmpty(decorator: string, values: readonly string[]): readonly string[] {
  if (values.length === 0 || values.some((value) => typeof value !== 'string' || value === '')) {
    throw new TypeError(`${MODULE}: ${decorator} needs one or more non-empty names`);
  }
  return values;
}

function scopeTokens(decorator: string, scopes: readonly string[]): readonly string[] {
  const invalid = nonEmpty(decorator, scopes).find((scope) => !isScopeToken(scope));
  if (invalid !== undefined) throw new TypeError(`${MODULE}: ${decorator} got "${invalid}", which is no scope token`);
  return scopes;
}
