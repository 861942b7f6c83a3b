import { DownstreamRefused, ExchangeRefused } from '@onbehalf/token-exchange-client';

/** What a step has found out. */
export interface Found {
  readonly text: string;
  /** The tokens of the calls on the way, as those who accepted them saw them; never a token. */
  readonly hops: readonly unknown[];
}

/** Something that the agent can look up for a user. */
export interface Step {
  /** Such as `messages`. */
  readonly about: string;
  /** By the rights of the user of the request, as far as the user lets the agent have them. */
  run(): Promise<Found>;
}

/** What came of a step. */
export type Outcome =
  | ({ readonly about: string; readonly outcome: 'done' } & Found)
  /** The user has to allow it first, or to do something else, at this address. */
  | { readonly about: string; readonly outcome: 'needs-you'; readonly interaction_uri: string; readonly scope?: string }
  /** Neither the agent nor this user can change that. */
  | { readonly about: string; readonly outcome: 'not-allowed'; readonly error: string };

/**
 * Runs a step, and takes a no for an answer. The agent tries nothing else: there is no other way to what it was refused.
 * @throws whatever is no refusal, such as an outage
 */
export async function runStep(step: Step): Promise<Outcome> {
  const { about } = step;
  try {
    return { about, outcome: 'done', ...(await step.run()) };
  } catch (error) {
    if (error instanceof ExchangeRefused && error.interaction) {
      const { uri, scope } = error.interaction;
      return { about, outcome: 'needs-you', interaction_uri: uri, ...(scope !== undefined && { scope }) };
    }
    if (error instanceof ExchangeRefused && error.about === 'access')
      return { about, outcome: 'not-allowed', error: error.error };
    if (error instanceof DownstreamRefused && error.status === 403)
      return { about, outcome: 'not-allowed', error: 'forbidden' };
    throw error;
  }
}
