import { describe, expect, it } from '@jest/globals';
import { sentenceOf } from './audit-sentence.js';

const exchange = { type: 'token_exchange', outcome: 'issued', clientId: 'user-service', targets: ['message-service'] };
const delegation = { ...exchange, kind: 'delegation', actors: [{ sub: 'user-service' }] };

describe('what an event tells people', () => {
  it.each<[object, string]>([
    [
      { ...exchange, type: 'client_credentials', subject: 'user-service' },
      'user-service got a token for message-service in its own name, on behalf of nobody',
    ],
    [{ ...delegation, subject: 'baeldung' }, 'user-service got a token for message-service on behalf of baeldung'],
    [
      { ...delegation, subject: 'user-service' },
      'user-service got a token for message-service in its own name, on behalf of nobody',
    ],
    [
      { ...exchange, kind: 'impersonation', subject: 'baeldung' },
      'user-service got a token for message-service as if it were baeldung',
    ],
    [
      { ...exchange, kind: 'administrative', subject: 'baeldung', actors: [{ sub: 'support' }] },
      'user-service got a token for message-service for support, who uses the account of baeldung',
    ],
    [
      { ...exchange, kind: 'administrative', subject: 'baeldung' },
      'user-service got a token for message-service for ?, who uses the account of baeldung',
    ],
    [
      { ...delegation, outcome: 'rejected', subject: 'baeldung', rule: 'target', reason: 'no edge leads there' },
      'user-service was refused a token for message-service on behalf of baeldung (target): no edge leads there',
    ],
    [
      { type: 'registration_change', operator: 'op', operation: 'replace', kind: 'user', id: 'carol' },
      'op: replace user carol',
    ],
    [
      {
        type: 'registration_change',
        operator: 'op',
        operation: 'replace',
        registrationKind: 'user',
        registrationId: 'carol',
        changed: ['passwordHash'],
      },
      'op: replace user carol (passwordHash)',
    ],
    [{ type: 'login_failed' }, 'somebody failed to sign in as nobody known'],
    [{ type: 'audit_archived', count: 5, file: 'a' }, '5 old records of the trail moved into the archive a'],
    [
      { type: 'audit_archive_lost', operator: 'anna', archive: 'a', statedReason: 'the disk broke' },
      'anna acknowledged that the archive a is lost: the disk broke',
    ],
    [
      { type: 'audit_gap_acknowledged', operator: 'anna', statedReason: 'a restore' },
      'anna acknowledged that records of the trail are gone: a restore',
    ],
    [{ type: 'something_newer' }, 'something_newer'],
    [{}, 'something happened'],
  ])('%j', (event, sentence) => {
    expect(sentenceOf(event as Record<string, unknown>)).toBe(sentence);
  });
});
