import { Injectable } from '@nestjs/common';
import {
  denied,
  invalid,
  subject,
  SubjectTokenType,
  type Outcome,
  type SubjectTokenProfile,
} from '@onbehalf/feature-custom-subject-tokens';
import { SessionTable } from './sessions.fixture.js';

/** Session ids of the old system. */
@Injectable()
@SubjectTokenType('urn:acme:params:oauth:token-type:legacy-session')
export class LegacySessionProfile implements SubjectTokenProfile {
  constructor(private readonly sessions: SessionTable) {}

  async verify(token: string): Promise<Outcome> {
    const session = await this.sessions.find(token);
    if (!session) return invalid('no such session');
    if (session.locked) return denied('the account is locked');
    return subject({
      account: session.user,
      expiresAt: session.endsAt,
      scopes: session.rights,
      authTime: session.startedAt,
    });
  }
}
