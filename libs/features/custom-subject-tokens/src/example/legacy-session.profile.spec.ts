import { expect, it } from '@jest/globals';
import { createProfileTester } from '@onbehalf/feature-custom-subject-tokens/testing';
import { LegacySessionProfile } from './legacy-session.profile.fixture.js';
import { SessionTable } from './sessions.fixture.js';

// #region unit
it('a session names its user, with the rights that it has', async () => {
  const sessions = new SessionTable();
  sessions.rows.set('s-1', { user: 'alice', startedAt: 1e9, endsAt: 2e9, locked: false, rights: ['legacy.read'] });
  const tester = createProfileTester(new LegacySessionProfile(sessions));
  expect(await tester.verify('s-1')).toMatchObject({ outcome: 'subject', account: 'alice', scopes: ['legacy.read'] });
  expect(await tester.verify('s-2')).toEqual({ outcome: 'invalid', reason: 'no such session' });
});
// #endregion
