/** One party in a delegation. RFC 8693 §4.1; `sub_profile` from the actor profile draft. */
export interface Actor {
  readonly sub: string;
  readonly iss?: string;
  readonly client_id?: string;
  readonly sub_profile?: string;
}

/** The `act` claim: the current actor outermost, earlier actors nested beneath. RFC 8693 §4.1. */
export interface ActClaim extends Actor {
  readonly act?: ActClaim;
}

/** More actors than any chain may name; a deeper claim is malformed. Bounds the work on hostile input. */
export const MAX_ACTORS = 16;

/** A claim that does not have the form its specification gives it. */
export class MalformedClaim extends Error {
  constructor(
    readonly claim: string,
    readonly problem: string,
  ) {
    super(`${claim} ${problem}`);
    this.name = 'MalformedClaim';
  }
}

/**
 * The actors of an `act` claim, the current one first; empty when the claim is absent. RFC 8693 §4.1.
 * @throws MalformedClaim when the claim is no object, names no subject, or nests deeper than {@link MAX_ACTORS}.
 */
export function parseActClaim(act: unknown): readonly Actor[] {
  const actors: Actor[] = [];
  for (let current = act; current !== undefined; current = (current as ActClaim).act) {
    if (actors.length === MAX_ACTORS) throw new MalformedClaim('act', `nests more than ${MAX_ACTORS} actors`);
    actors.push(parseActor('act', current));
  }
  return actors;
}

/** The `act` claim of a chain of actors, the current one first; `undefined` for none. RFC 8693 §4.1. */
export function formatActClaim(actors: readonly Actor[]): ActClaim | undefined {
  return actors.reduceRight<ActClaim | undefined>((act, actor) => (act ? { ...actor, act } : { ...actor }), undefined);
}

/**
 * The parties that a `may_act` claim authorizes; `undefined` when the claim is absent, which authorizes nobody and forbids nobody.
 * An object or a list of objects. RFC 8693 §4.4.
 * @throws MalformedClaim when the claim has another form or lists more than {@link MAX_ACTORS} parties.
 */
export function parseMayActClaim(mayAct: unknown): readonly Partial<Actor>[] | undefined {
  if (mayAct === undefined) return undefined;
  const parties: readonly unknown[] = Array.isArray(mayAct) ? mayAct : [mayAct];
  if (parties.length > MAX_ACTORS) throw new MalformedClaim('may_act', `lists more than ${MAX_ACTORS} parties`);
  return parties.map((party) => parseParty('may_act', party));
}

function parseActor(claim: string, value: unknown): Actor {
  const { sub, ...others } = parseParty(claim, value);
  if (sub === undefined) throw new MalformedClaim(claim, 'must name a "sub"');
  return { sub, ...others };
}

const MEMBERS = ['sub', 'iss', 'client_id', 'sub_profile'] as const;

function parseParty(claim: string, value: unknown): Partial<Actor> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedClaim(claim, 'must be a JSON object');
  }
  const party: { -readonly [K in keyof Actor]?: Actor[K] } = {};
  for (const member of MEMBERS) {
    if (!Object.hasOwn(value, member)) continue;
    const identity: unknown = (value as Record<string, unknown>)[member];
    if (typeof identity !== 'string' || identity === '') {
      throw new MalformedClaim(claim, `member "${member}" must be a non-empty string`);
    }
    party[member] = identity;
  }
  if (Object.keys(party).length === 0) throw new MalformedClaim(claim, `must hold one of ${MEMBERS.join(', ')}`);
  return party;
}
