import { KeyTransitionRefused, type NewKey, type SigningKeyStore } from '@onbehalf/authorization-ports';
import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { calculateJwkThumbprint } from 'jose';
import { generateKey, OWN_ALGORITHMS } from './key-set.js';
import { dueSteps, type KeySchedule, type KeyStep } from './key-schedule.js';
import { publicPart } from './signing-key.js';

/** A step that was taken, for the log and for the operator. */
export interface TakenStep {
  readonly step: KeyStep['step'];
  readonly kid: string;
}

/** A rotation by hand that would make guards refuse tokens. */
export class RotationTooEarly extends Error {
  /** @param wait seconds */
  constructor(
    readonly kid: string,
    readonly wait: number,
  ) {
    super(`The key ${kid} is published too shortly: guards may not have it yet; rotate again in ${wait} s`);
    this.name = 'RotationTooEarly';
  }
}

/** Moves the keys of the store through their life. Any replica may, and several at a time: the store orders them. */
export class KeyRotation {
  readonly #store: SigningKeyStore;
  readonly #schedule: KeySchedule;
  readonly #clock: Clock;

  constructor(store: SigningKeyStore, schedule: KeySchedule, clock: Clock = systemClock) {
    this.#store = store;
    this.#schedule = schedule;
    this.#clock = clock;
  }

  /** Takes the steps that the schedule asks for now. */
  async runDue(): Promise<readonly TakenStep[]> {
    return this.#run(this.#schedule);
  }

  /**
   * Lets the keys that wait sign now, whatever the age of those that sign, and does what else is due.
   * @throws RotationTooEarly when a key that would sign is not yet published for long enough
   */
  async rotate(): Promise<readonly TakenStep[]> {
    const now = this.#clock();
    for (const { kid, state, publishedAt } of await this.#store.list()) {
      const wait = publishedAt + this.#schedule.publishAhead - now;
      if (state === 'published' && wait > 0) throw new RotationTooEarly(kid, wait);
    }
    return this.#run({ ...this.#schedule, signFor: 0 });
  }

  /** Takes a key away at once. A published one takes over, and another is published in its place. */
  async remove(kid: string): Promise<readonly TakenStep[]> {
    await this.#store.remove(kid);
    return [{ step: 'remove', kid }, ...(await this.runDue())];
  }

  async #run(schedule: KeySchedule): Promise<readonly TakenStep[]> {
    const steps = dueSteps(await this.#store.list(), OWN_ALGORITHMS, schedule, this.#clock());
    const taken: TakenStep[] = [];
    for (const step of steps) {
      const kid = await this.#take(step);
      if (kid !== undefined) taken.push({ step: step.step, kid });
    }
    return taken;
  }

  /** @returns the key's id; `undefined` when another replica was first */
  async #take(step: KeyStep): Promise<string | undefined> {
    if ('kid' in step) return (await this.#transition(step)) ? step.kid : undefined;
    const key = await newKey(step.algorithm);
    if (step.step === 'begin') return (await this.#store.begin(key)) ? key.kid : undefined;
    await this.#store.publish(key);
    return key.kid;
  }

  async #transition({ step, kid }: Extract<KeyStep, { kid: string }>): Promise<boolean> {
    try {
      await this.#store[step](kid);
      return true;
    } catch (error) {
      if (error instanceof KeyTransitionRefused) return false;
      throw error;
    }
  }
}

async function newKey(algorithm: SigningAlgorithm): Promise<NewKey> {
  const jwk = await generateKey(algorithm);
  const kid = await calculateJwkThumbprint(jwk);
  const privateJwk = { ...jwk, kid };
  return { kid, algorithm, publicJwk: publicPart(privateJwk), privateJwk };
}
