import { parseChallenge } from '@onbehalf/oauth-protocol';
import { LoginRequired } from './login-required.js';

/** What the user must prove anew, in the words of an authorization request. RFC 9470 §3, OpenID Connect Core §3.1.2.1 */
export interface StepUp {
  /** Authentication context classes, space-separated, the preferred one first. */
  readonly acrValues?: string;
  /** Seconds that may have passed since the user signed in. */
  readonly maxAge?: number;
}

/** The user is signed in, but must sign in more strongly, or again, before this can be answered. */
export class StepUpRequired extends LoginRequired {
  constructor(readonly stepUp: StepUp) {
    super('Another authentication is needed');
    this.name = 'StepUpRequired';
  }
}

/** What a `WWW-Authenticate` header asks the user for; `undefined` when it is about something else. RFC 9470 §3 */
export function readStepUp(header: string | null): StepUp | undefined {
  const challenge = parseChallenge(header ?? undefined);
  if (challenge?.get('error') !== 'insufficient_user_authentication') return undefined;
  const [acrValues, maxAge] = [challenge.get('acr_values'), challenge.get('max_age')];
  return {
    ...(acrValues && { acrValues }),
    ...(maxAge && /^\d{1,9}$/.test(maxAge) && { maxAge: Number(maxAge) }),
  };
}
