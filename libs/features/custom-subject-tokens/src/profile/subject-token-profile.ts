import 'reflect-metadata';
import type { ValueProvider } from '@nestjs/common';
import type { NewAccount } from '@onbehalf/authorization-server';
import type { Outcome, SubjectStatement } from './outcome.js';

/** What a profile may know of the request. It decides on none of it: target, scope and lifetime come from an edge. */
export interface ProfileRequest {
  /** The client that presents the token, authenticated. */
  readonly clientId: string;
  /** As sent. */
  readonly audiences: readonly string[];
  /** As sent. */
  readonly resources: readonly string[];
  /** As sent; absent: the request names none. */
  readonly scopes?: readonly string[];
  /** Where the request comes from; absent where nobody sent one. */
  readonly address?: string;
  /** Now, in seconds since the epoch. */
  readonly at: number;
  /** Whether the request is only explained: then nothing may be used up or created. */
  readonly explained: boolean;
  /** Aborted when the answer would come too late. */
  readonly signal: AbortSignal;
}

/** The details of an account that is made for a user. */
export type ProvisionedAccount = Omit<NewAccount, 'username'>;

/** Verifies the subject tokens of one type: yours. */
export interface SubjectTokenProfile {
  /**
   * Says what a token stands for. What it throws counts as {@link unavailable}.
   * @param token as sent, whatever it holds; up to 56 KiB
   */
  verify(token: string, request: ProfileRequest): Outcome | Promise<Outcome>;
  /**
   * Is asked for the account of a user who has none here: it is created before the exchange goes on. Without this method, or where it
   * returns `undefined`, such a user is refused. Is not asked when a request is only explained.
   */
  provision?(
    account: string,
    statement: SubjectStatement,
    request: ProfileRequest,
  ): ProvisionedAccount | undefined | Promise<ProvisionedAccount | undefined>;
}

type ProfileClass = new (...dependencies: never[]) => SubjectTokenProfile;

const TYPE = Symbol('subject token type');

/**
 * Marks a class as the profile of a token type. Make it a provider of any module; it is found there.
 * @param type an absolute URI of your own, and not one of `urn:ietf:`
 */
export function SubjectTokenType(type: string): (profile: ProfileClass) => void {
  return (profile) => Reflect.defineMetadata(TYPE, type, profile);
}

/** A plain function as the profile of a token type: a provider for any module. */
export function subjectTokenProfile(type: string, verify: SubjectTokenProfile['verify']): ValueProvider {
  return { provide: Symbol(`profile of ${type}`), useValue: new FunctionProfile(type, verify) };
}

/** @internal */
export class FunctionProfile implements SubjectTokenProfile {
  constructor(
    readonly type: string,
    readonly verify: SubjectTokenProfile['verify'],
  ) {}
}

/** The type that an object is the profile of; `undefined`: it is none. */
export function typeOf(instance: unknown): string | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  return instance instanceof FunctionProfile ? instance.type : typeOfClass(instance.constructor);
}

/** The type that a class is marked with. */
export function typeOfClass(profile: unknown): string | undefined {
  return typeof profile === 'function' ? (Reflect.getMetadata(TYPE, profile) as string | undefined) : undefined;
}
