import { Inject, Injectable } from '@nestjs/common';
import {
  denied,
  invalid,
  subject,
  SubjectTokenType,
  unavailable,
  type Outcome,
  type ProfileRequest,
  type SubjectTokenProfile,
} from '@onbehalf/feature-custom-subject-tokens';
import { z } from 'zod';

/** Where the legacy service of the demo answers for its sessions. */
export interface LegacyService {
  /** Absent: there is none. */
  readonly url?: string | undefined;
  /** What it knows this server by. */
  readonly key?: string | undefined;
}

export const LEGACY_SERVICE = Symbol('the legacy service');

const session = z.object({
  user: z.string(),
  startedAt: z.number(),
  endsAt: z.number(),
  locked: z.boolean(),
  rights: z.array(z.string()),
});

/** Session ids of the demo's legacy service: it alone knows whose they are. */
@Injectable()
@SubjectTokenType('urn:example:token-type:legacy-session')
export class LegacySessionProfile implements SubjectTokenProfile {
  constructor(@Inject(LEGACY_SERVICE) private readonly service: LegacyService) {}

  async verify(token: string, { signal }: ProfileRequest): Promise<Outcome> {
    const { url, key = '' } = this.service;
    if (url === undefined) return unavailable('LEGACY_SERVICE_URL is not set', 60);
    const answer = await fetch(`${url}/service/session`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: new URLSearchParams({ id: token }),
      redirect: 'error',
      signal,
    });
    if (answer.status === 404) return invalid('no such session');
    if (!answer.ok) return unavailable(`the legacy service has answered ${answer.status}`);
    const { user, startedAt, endsAt, locked, rights } = session.parse(await answer.json());
    if (locked) return denied('the account is locked');
    return subject({ account: user, expiresAt: endsAt, authTime: startedAt, scopes: rights });
  }
}
