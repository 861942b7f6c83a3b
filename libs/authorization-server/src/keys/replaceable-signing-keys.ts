import { ConfigurationError, systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { calculateJwkThumbprint, compactVerify, importJWK, type JSONWebKeySet } from 'jose';
import { FollowedSigningKeys } from './followed-signing-keys.js';
import type { KeySchedule } from './key-schedule.js';
import { KeySet, OWN_ALGORITHMS } from './key-set.js';
import type { SigningKey } from './signing-key.js';

/** What {@link ReplaceableSigningKeys} are opened with. */
export interface ReplaceableSigningKeysOptions {
  /** Private keys, each with `alg`; the first of an algorithm signs, all are published. */
  readonly jwks: JSONWebKeySet;
  readonly schedule: Pick<KeySchedule, 'publishAhead' | 'retireFor'>;
  readonly clock?: Clock;
  /** Seconds between two looks at what is due; 2 unless told. */
  readonly interval?: number;
  /** Is told which keys are published now, the ones that sign first. */
  readonly onChanged?: (keys: readonly SigningKey[]) => void;
}

/** A key that is published. */
interface Published {
  readonly key: SigningKey;
  readonly since: number;
  /** Of a key that has left the set while it signed: until when it is published. */
  readonly until?: number;
}

/**
 * A JWK Set that another one may take the place of while the application runs. A key that is new is published at once, and signs
 * `publishAhead` later; until then the one that signs goes on, whether the new set has it or not. One that leaves while it signs stays
 * published for `retireFor` after that; every other key that leaves is gone at once.
 */
export class ReplaceableSigningKeys extends FollowedSigningKeys {
  readonly #options: ReplaceableSigningKeysOptions;
  readonly #clock: Clock;
  /** In the order of the set that was given last. */
  #given: readonly SigningKey[];
  #published: readonly Published[];
  #signing: readonly SigningKey[];

  private constructor(options: ReplaceableSigningKeysOptions, given: readonly SigningKey[]) {
    const signing = OWN_ALGORITHMS.map((algorithm) => given.find((key) => key.algorithm === algorithm)!);
    super(KeySet.joined(inOrder(signing, given)), options.interval ?? 2);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#given = given;
    // how long they were published before, nobody knows: a start takes them as they are
    this.#published = given.map((key) => ({ key, since: -Infinity }));
    this.#signing = signing;
  }

  /** @throws ConfigurationError when an algorithm of the server has no key, one does not sign what it verifies, or two have one `kid` */
  static async open(options: ReplaceableSigningKeysOptions): Promise<ReplaceableSigningKeys> {
    return new ReplaceableSigningKeys(options, await usableKeys(options.jwks));
  }

  /**
   * Checks a set that is to take the place of the one before.
   * @returns whether it is another one, and what puts it in force
   * @throws ConfigurationError, and nothing has changed, as {@link open} does, and when a `kid` has become that of another key
   */
  async prepare(jwks: JSONWebKeySet): Promise<{
    readonly isOther: boolean;
    /** Has the server sign with these keys, and publish them. */
    readonly putInForce: () => void;
  }> {
    const given = await usableKeys(jwks);
    for (const key of given) await this.#checkSame(key);
    return { isOther: kidsOf(given) !== kidsOf(this.#given), putInForce: () => this.#take(given) };
  }

  /** Takes the steps that are due. */
  protected override look(): Promise<void> {
    this.#settle();
    return Promise.resolve();
  }

  async #checkSame(key: SigningKey): Promise<void> {
    const known = this.#published.find((each) => each.key.kid === key.kid)?.key;
    if (!known || (await nameOf(known)) === (await nameOf(key))) return;
    refuse(key, 'another kid for another key');
  }

  #take(given: readonly SigningKey[]): void {
    const now = this.#clock();
    const known = new Map(this.#published.map(({ key }) => [key.kid, key]));
    const added = given.filter(({ kid }) => !known.has(kid)).map((key) => ({ key, since: now }));
    this.#given = given.map((key) => known.get(key.kid) ?? key);
    this.#published = [...this.#published, ...added];
    this.#settle();
  }

  #settle(): void {
    const now = this.#clock();
    const signing = this.#signing.map((key) => this.#signerAfter(key, now));
    const stopped = this.#signing.filter((key) => !signing.includes(key));
    const until = now + this.#options.schedule.retireFor;
    this.#published = this.#published
      .map(({ key, since, until: before }) => {
        if (this.#given.includes(key)) return { key, since };
        return { key, since, until: stopped.includes(key) ? until : (before ?? now) };
      })
      .filter((each) => signing.includes(each.key) || each.until === undefined || each.until > now);
    this.#signing = signing;
    this.#tell(
      inOrder(
        signing,
        this.#published.map(({ key }) => key),
      ),
    );
  }

  /** The first of the set that guards have had time to learn of, or else the one that signs already. */
  #signerAfter(signing: SigningKey, now: number): SigningKey {
    const { publishAhead } = this.#options.schedule;
    const known = this.#published.filter(({ key, since }) => key === signing || now - since >= publishAhead);
    const ready = new Set(known.map(({ key }) => key));
    return this.#given.find((key) => key.algorithm === signing.algorithm && ready.has(key)) ?? signing;
  }

  #tell(keys: readonly SigningKey[]): void {
    if (kidsOf(keys) === kidsOf(this.current)) return;
    this.replace(KeySet.joined(keys));
    this.#options.onChanged?.(keys);
  }
}

/** @throws ConfigurationError */
async function usableKeys(jwks: JSONWebKeySet): Promise<readonly SigningKey[]> {
  const { keys } = await KeySet.of(jwks);
  for (const key of keys) {
    await checkSigns(key).catch(() => refuse(key, 'a key that signs what its public part verifies'));
  }
  return keys;
}

async function checkSigns(key: SigningKey): Promise<void> {
  const signed = await key.sign({}, 'none');
  await compactVerify(signed, await importJWK(key.publicJwk));
}

function refuse({ kid }: SigningKey, accepted: string): never {
  throw new ConfigurationError('signing keys', kid, accepted);
}

function inOrder(signing: readonly SigningKey[], all: readonly SigningKey[]): readonly SigningKey[] {
  return [...signing, ...all.filter((key) => !signing.includes(key))];
}

/** In their order: it tells which ones sign. */
function kidsOf(keys: readonly SigningKey[]): string {
  return JSON.stringify(keys.map(({ kid }) => kid));
}

/** The key itself, and what it signs with: RFC 7638 leaves `alg` out. */
async function nameOf({ publicJwk, algorithm }: SigningKey): Promise<string> {
  return JSON.stringify([algorithm, await calculateJwkThumbprint(publicJwk)]);
}
