import { Module } from '@nestjs/common';
import { invalid, subject, subjectTokenProfile } from '@onbehalf/feature-custom-subject-tokens';
import { LegacySessionProfile } from './legacy-session.profile.fixture.js';
import { SessionTable } from './sessions.fixture.js';

const badges = new Map([['B-17', 'alice']]);

/** Everything that is needed to verify the tokens of the old system. */
@Module({
  providers: [
    SessionTable,
    LegacySessionProfile,
    subjectTokenProfile('https://acme.example/token-types/badge', (badge, { at }) => {
      const holder = badges.get(badge);
      return holder ? subject({ account: holder, expiresAt: at + 300 }) : invalid('no such badge');
    }),
  ],
})
export class ProfilesModule {}
