import { MAX_CLOCK_TOLERANCE } from '@onbehalf/jwt-verification';
import { isScopeToken, parseActClaim, type Actor } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { ProfileFault } from './ask-profile.js';
import type { Outcome } from './outcome.js';

/** Beyond it, somebody has given milliseconds. */
const LATEST = 100_000_000_000;

const text = z.string().min(1).max(1024);
// what stands in a token and in records
const identifier = text.refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), 'is to be without control characters');
const time = z.number().nonnegative().max(LATEST, 'is to be in seconds since the epoch');
const party = z.strictObject({ iss: identifier, sub: identifier });

const statement = z
  .strictObject({
    account: identifier.optional(),
    foreign: party.optional(),
    expiresAt: time,
    scopes: z.array(z.string().refine(isScopeToken, 'is to be a list of scopes')).max(200).optional(),
    issuedAt: time.optional(),
    authTime: time.optional(),
    acr: text.optional(),
    amr: z.array(text).max(20).optional(),
    actor: z.unknown().optional(),
  })
  .refine(({ account, foreign }) => (account === undefined) !== (foreign === undefined), {
    message: 'is to name exactly one user: an account, or a foreign party',
  });

const outcome = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('subject'), statement }),
  z.strictObject({ outcome: z.literal('invalid'), reason: z.string() }),
  z.strictObject({ outcome: z.literal('denied'), description: z.string() }),
  z.strictObject({ outcome: z.literal('unavailable'), reason: z.string(), retryAfter: z.number().min(0).max(86_400) }),
]);

/** What a profile says, made sure of. */
export type CheckedOutcome =
  Exclude<Outcome, { outcome: 'subject' }> | { readonly outcome: 'subject'; readonly statement: CheckedStatement };

/** A statement whose members have the form that they should have. */
export type CheckedStatement = Omit<z.infer<typeof statement>, 'actor'> & {
  /** The current one first. */
  readonly actors: readonly Actor[];
};

/**
 * @param said whatever the profile has returned
 * @param at now, in seconds since the epoch
 * @throws ProfileFault for what is no outcome
 */
export function checkOutcome(said: unknown, at: number): CheckedOutcome {
  const { data, error } = parse(said);
  if (error) throw new ProfileFault(`the profile has not answered with an outcome: ${mistakeOf(error)}`);
  if (data.outcome !== 'subject') return data;
  const { actor, ...rest } = data.statement;
  const future = (['issuedAt', 'authTime'] as const).find((member) => (rest[member] ?? 0) > at + MAX_CLOCK_TOLERANCE);
  if (future) throw new ProfileFault(`${future} of the subject is in the future`);
  return { outcome: 'subject', statement: { ...rest, actors: actorsOf(actor) } };
}

// what is asked for its members may throw
function parse(said: unknown): ReturnType<typeof outcome.safeParse> {
  try {
    return outcome.safeParse(said);
  } catch {
    throw new ProfileFault('the profile has answered with what cannot be read');
  }
}

function actorsOf(actor: unknown): readonly Actor[] {
  try {
    return parseActClaim(actor);
  } catch (error) {
    throw new ProfileFault(`the actor of the subject is none: ${(error as Error).message}`);
  }
}

// the place and what is expected; never the value, which may hold the token
function mistakeOf({ issues: [issue] }: z.ZodError): string {
  const place = issue!.path.join('.');
  const keys = issue!.code === 'unrecognized_keys' ? 'has a member that nobody knows' : issue!.message;
  return place === '' ? keys : `${place}: ${keys}`;
}
