import { describe, expect, it } from '@jest/globals';
import { activityPage } from './activity.js';
import { activityPageOf } from './activity.page.js';

const visitor = { user: 'alice', csrf: 'c' };
const page = (answer: object) => activityPageOf(activityPage.parse(answer), visitor);
const line = { id: 'i', at: '2026-02-01T00:00:00.000Z', outcome: 'issued', client_id: 'c' };

describe('who acted for me', () => {
  it('says that nobody did while nothing is archived', () => {
    expect(page({ activity: [] })).toContain('Nobody has acted for you yet.');
  });

  it('says since when nobody did, and where the rest is', () => {
    const shown = page({ activity: [], archived_before: '2026-01-01T00:00:00.000Z' });
    expect(shown).not.toContain('Nobody has acted for you yet');
    expect(shown).toContain('There is no line since 2026-01-01 00:00:00 UTC.');
    expect(shown).toMatch(/What happened before .*2026-01-01 00:00:00 UTC.* may be kept in an archive/);
  });

  it('says so behind the last line, and not behind the others', () => {
    const archived = { activity: [line], archived_before: '2026-01-01T00:00:00.000Z' };
    expect(page(archived)).toMatch(/What happened before .*2026-01-01 00:00:00 UTC.* may be kept in an archive/);
    expect(page({ ...archived, cursor: 'next' })).not.toContain('in an archive');
  });
});
