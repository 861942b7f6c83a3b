import { describe, expect, it } from '@jest/globals';
import type { AuditReader, IssuedTokens } from '@onbehalf/authorization-ports';
import { randomBytes } from 'node:crypto';
import { ActivityController } from './activity.controller.js';
import type { Person } from './person.js';
import { SealedPlaces } from './sealed-places.js';

describe('the activity of a person', () => {
  const list = (archivedBefore?: Date) => {
    const trail = {
      query: () => Promise.resolve({ records: [] }),
      archivedBefore: () => Promise.resolve(archivedBefore),
    } as Partial<AuditReader> as AuditReader;
    const controller = new ActivityController(trail, {} as IssuedTokens, new SealedPlaces(randomBytes(32)), []);
    return controller.list({ subject: 'alice', life: 1 } as Person, {});
  };

  it('is empty when nothing happened', async () => {
    expect(await list()).toEqual({ activity: [] });
  });

  it('does not read as if nothing had happened when the trail is archived', async () => {
    expect(await list(new Date('2026-01-01'))).toEqual({ activity: [], archived_before: '2026-01-01T00:00:00.000Z' });
  });
});
