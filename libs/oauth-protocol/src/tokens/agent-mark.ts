import { MalformedClaim, type Actor } from './actor.js';

/** The claim that says what kind of party the subject of a token is; the same member of `act` says it of an actor. Actor profile draft */
export const PROFILE_CLAIM = 'sub_profile';

/** The profile of a party that decides by a model, or by a plan of its own, what it does for its user. Actor profile draft */
export const AI_AGENT = 'ai_agent';

/** The claim that marks tokens behind which an AI agent stands; every token that is exchanged from one has it. Its value is `true`. */
export const AGENT_CLAIM = 'ai_agent_involved';

/** Who stands behind a token. */
export interface InvolvedParties {
  /** Whether the token is marked, or one that it came from. */
  readonly marked?: boolean | undefined;
  /** What kind of party the subject is. */
  readonly subProfile?: string | undefined;
  /** Who acts for the subject. */
  readonly actors: readonly Actor[];
}

/** Whether a profile names this kind. It may name several, with spaces between them. */
export function isOfProfile(kind: string, profile: string | undefined): boolean {
  return profile?.split(' ').includes(kind) ?? false;
}

/** Whether an AI agent stands behind a token: by the mark, as its subject, or anywhere in its chain, however many act since. */
export function involvesAgent({ marked = false, subProfile, actors }: InvolvedParties): boolean {
  return (
    marked || [subProfile, ...actors.map((actor) => actor.sub_profile)].some((each) => isOfProfile(AI_AGENT, each))
  );
}

/**
 * Whether a claim marks its token.
 * @throws MalformedClaim when the claim has another form: it must not be lost
 */
export function parseAgentMark(value: unknown): boolean {
  if (value === undefined || value === true) return value === true;
  throw new MalformedClaim(AGENT_CLAIM, 'must be true');
}

/**
 * The profile in a claim; `undefined` when there is none.
 * @throws MalformedClaim when the claim has another form
 */
export function parseProfile(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new MalformedClaim(PROFILE_CLAIM, 'must be a non-empty string');
}
