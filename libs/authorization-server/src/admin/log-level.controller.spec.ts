import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AUDIT_TRAIL, LOG_LEVELS } from '../ports/injection-tokens.js';
import type { LogLevels } from '../ports/log-levels.js';
import { LogLevelController } from './log-level.controller.js';
import { AdminEndpoints } from './operator.fixture.js';

const WRITE = 'registrations.write';

describe('the log level', () => {
  const records: object[] = [];
  const set: unknown[] = [];
  const levels: LogLevels = {
    levels: ['error', 'info', 'debug'],
    current: 'info',
    until: 1_900_000_000,
    set: (...given) => void set.push([records.length, ...given]),
  };
  let endpoints: AdminEndpoints;

  beforeAll(async () => {
    const trail = { append: (event: object) => Promise.resolve(records.push(event)) };
    endpoints = await AdminEndpoints.start(LogLevelController, [
      { provide: LOG_LEVELS, useValue: levels },
      { provide: AUDIT_TRAIL, useValue: trail },
    ]);
  });
  afterAll(() => endpoints.stop());
  beforeEach(() => {
    records.length = 0;
    set.length = 0;
  });

  const put = (body: string, scope = WRITE) =>
    endpoints.fetch('/admin/log-level', scope, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    });

  it('is told to operators', async () => {
    const answer = await endpoints.fetch('/admin/log-level', 'registrations.read');
    expect(await answer.json()).toEqual({ level: 'info', until: 1_900_000_000 });
    expect((await endpoints.fetch('/admin/log-level')).status).toBe(401);
    expect((await endpoints.fetch('/admin/log-level', 'audit.read')).status).toBe(403);
  });

  it('is changed when that is on record, with its end', async () => {
    const before = Math.floor(Date.now() / 1000);
    expect((await put('{"level":"debug","for":300}')).status).toBe(200);
    expect(set).toEqual([[1, 'debug', 300]]);
    const [{ expiresAt, ...event }] = records as [{ expiresAt: number }];
    expect(event).toMatchObject({ operation: 'set', registrationKind: 'log-level', registrationId: 'debug' });
    expect(event).toMatchObject({ operator: 'operator', clientId: 'operator' });
    expect(expiresAt).toBeGreaterThanOrEqual(before + 300);
    expect((await put('{"level":"error"}')).status).toBe(200);
    expect(records[1]).not.toHaveProperty('expiresAt');
  });

  it.each([
    ['{"level":"loud"}', 'level: one of error, info, debug'],
    ['{}', 'level: a level'],
    ['{"level":"debug","for":0}', 'for: at least 1 second'],
    ['{"level":"debug","for":1.5}', 'for: whole seconds'],
    ['{"level":"debug","for":86401}', 'for: no more than 86400 seconds'],
    ['{"level":"debug","until":1}', 'until: no such parameter here'],
  ])('is not changed by %s', async (body, description) => {
    const answer = await put(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'invalid_request', error_description: description });
    expect([records, set]).toEqual([[], []]);
  });

  it('is not changed by who may only look', async () => {
    expect((await put('{"level":"debug"}', 'registrations.read')).status).toBe(403);
    expect([records, set]).toEqual([[], []]);
  });
});
