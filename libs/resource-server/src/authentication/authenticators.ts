import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** Tells which controllers a resource server has for itself. */
export type Owns = (controller: object) => boolean;

/** Injection token of the {@link Owns} of an embedded resource server. */
export const OWNS = Symbol('onbehalf:owns');

/** One resource server of an application. */
interface Placed {
  /** Absent: it is for every controller that nobody else has. */
  readonly owns: Owns | undefined;
  readonly audiences: readonly string[];
}

// Nest finds providers by where a class stands, and guards are of whoever uses them: one list per application, whichever module it is asked from
const ofApplications = new WeakMap<ModulesContainer, Placed[]>();

/** The resource servers of one application: its own, and that of an authorization server inside it. The controller decides which one a call is for. */
@Injectable()
export class Authenticators<Authenticator extends Placed = Placed> {
  readonly #all: Authenticator[];

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#all = (ofApplications.get(modules) ?? []) as Authenticator[];
    ofApplications.set(modules, this.#all);
  }

  add(authenticator: Authenticator): void {
    this.#all.push(authenticator);
  }

  /** The only one whose tokens count at a controller; `undefined` where the application has none for what is its own. */
  of(controller: object): Authenticator | undefined {
    return this.#all.find(({ owns }) => owns?.(controller)) ?? this.#all.find(({ owns }) => !owns);
  }

  /** The audiences of all but one. */
  audiencesBeside(one: Authenticator): readonly string[] {
    return this.#all.length === 1 ? [] : this.#all.flatMap((each) => (each === one ? [] : each.audiences));
  }
}
