import type { ContextType, ExecutionContext, Type } from '@nestjs/common';
import type { GuardedRequest } from './guarded-request.js';

/** Stands for a request while passport works, and takes what passport writes on it. */
export class PassportRequest {
  /** The request itself; `undefined` when passport is done. */
  target: GuardedRequest | undefined;

  constructor(target: GuardedRequest) {
    this.target = target;
  }

  /** Copies the one property that is meant for others: what `AuthGuard` has made of the answer. */
  copyTo(request: GuardedRequest, property = 'user'): void {
    const user: unknown = Reflect.get(this, property);
    if (user !== undefined) Reflect.set(request, property, user);
  }
}

/**
 * An execution context that passport may keep. For each request passport assigns function literals to the properties of a new
 * object, and V8 places such functions among the old objects at once. What they reach outlives every quick garbage collection
 * and waits for a full one; it must not be request and response with all that hangs on them. So both are let go of as soon as
 * passport has answered.
 */
export class PassportContext implements ExecutionContext {
  readonly request: PassportRequest;
  #context: ExecutionContext | undefined;

  constructor(context: ExecutionContext, request: GuardedRequest) {
    this.request = new PassportRequest(request);
    this.#context = context;
  }

  release(): void {
    this.request.target = undefined;
    this.#context = undefined;
  }

  getClass<T>(): Type<T> {
    return this.#held().getClass<T>();
  }

  getHandler(): ReturnType<ExecutionContext['getHandler']> {
    return this.#held().getHandler();
  }

  getArgs<T extends unknown[]>(): T {
    return this.#held().getArgs<T>();
  }

  getArgByIndex<T>(index: number): T {
    return this.#held().getArgByIndex<T>(index);
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return this.#held().switchToHttp();
  }

  switchToRpc(): ReturnType<ExecutionContext['switchToRpc']> {
    return this.#held().switchToRpc();
  }

  switchToWs(): ReturnType<ExecutionContext['switchToWs']> {
    return this.#held().switchToWs();
  }

  getType<T extends string = ContextType>(): T {
    return this.#held().getType<T>();
  }

  #held(): ExecutionContext {
    if (!this.#context)
      throw new Error('An execution context that was passed to AuthGuard is used after it has answered');
    return this.#context;
  }
}
