import { systemClock } from '@onbehalf/oauth-protocol';
import { askProfile } from './profile/ask-profile.js';
import { checkOutcome, type CheckedOutcome, type CheckedStatement } from './profile/check-outcome.js';
import type { ProfileRequest, SubjectTokenProfile } from './profile/subject-token-profile.js';

/** What the server would make of a token: the statement of the profile, or why there is none. */
export type TestedOutcome =
  (CheckedStatement & { readonly outcome: 'subject' }) | Exclude<CheckedOutcome, { outcome: 'subject' }>;

/** Asks a profile as the server does. */
export interface ProfileTester {
  /**
   * @param request what differs from a request of a client `client` for nothing in particular
   * @throws ProfileFault when the profile throws, is late, or says what is no outcome: the server would answer 503
   */
  verify(token: string, request?: Partial<ProfileRequest>): Promise<TestedOutcome>;
}

/**
 * Tests a profile without a server: by the same checks, and with the same deadline.
 * @param profile an instance, with whatever the test gives it; or a function
 * @param timeout seconds that it may take
 */
export function createProfileTester(
  profile: Pick<SubjectTokenProfile, 'verify'> | SubjectTokenProfile['verify'],
  { timeout = 5 }: { readonly timeout?: number } = {},
): ProfileTester {
  const verify = typeof profile === 'function' ? profile : profile.verify.bind(profile);
  return {
    verify: async (token, request = {}) => {
      const asked = { clientId: 'client', audiences: [], resources: [], at: systemClock(), explained: false };
      const ask = (signal: AbortSignal) => verify(token, { ...asked, signal, ...request });
      const outcome = checkOutcome(await askProfile(ask, timeout), request.at ?? asked.at);
      return outcome.outcome === 'subject' ? { outcome: 'subject', ...outcome.statement } : outcome;
    },
  };
}
