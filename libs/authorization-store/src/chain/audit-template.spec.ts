import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { divideEvent, LikelyTemplate, uniteEvent, type ToldByColumns } from './audit-template.js';

const NONE: ToldByColumns = { subject: null, jti: null, parent_jti: null, trace_id: null };

describe('an event that is divided', () => {
  it('leaves in its template what records of one kind have in common', () => {
    const told = (time: number, id: string) => {
      const event = { type: 't', time, subject: 'alice', session: id, clientId: 'a' };
      return divideEvent(JSON.stringify(event), { ...NONE, subject: 'alice' });
    };
    const one = told(1_796_055_338, '01a22d3d-8fe5-73e8-b120-271070ab744c');
    const other = told(1_796_055_339, '01a22d3d-8fe5-73e8-b120-271070ab744d');
    expect(one.template).toBe(other.template);
    expect(one.rest).toBe('1796055338 01a22d3d-8fe5-73e8-b120-271070ab744c');
    expect(one.template).not.toContain('alice');
  });

  const awkward = fc.constantFrom(
    '',
    ' ',
    '"',
    '\\',
    '$&',
    '$1',
    '\u0001',
    '\u0001s',
    '\0',
    '\ud800',
    '123456789',
    'r',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    awkward,
    fc.uuid(),
    fc.array(awkward).map((parts) => parts.join('')),
  );
  const column = fc.option(text);
  const columns = fc.record({ subject: column, jti: column, parent_jti: column, trace_id: column });
  const other = fc.dictionary(text, fc.oneof(text, fc.maxSafeInteger(), fc.double(), fc.array(text)));

  const eventOf = (told: ToldByColumns, before: unknown, after: unknown) =>
    JSON.stringify({ before, ...told, actors: [told.subject], after, again: told.jti });

  it('is united letter by letter, whatever stands in it', () => {
    fc.assert(
      fc.property(columns, other, other, (told, before, after) => {
        const event = eventOf(told, before, after);
        expect(uniteEvent(divideEvent(event, told), told)).toBe(event);
      }),
      { numRuns: 2000 },
    );
  });

  it('is known by a likely template exactly when it can be united from it', () => {
    fc.assert(
      fc.property(columns, columns, other, other, fc.boolean(), (told, others, before, after, isOther) => {
        const { template } = divideEvent(eventOf(told, before, after), told);
        const columnsHere = isOther ? others : told;
        const event = eventOf(columnsHere, before, after);
        const rest = new LikelyTemplate(template).restOf(event, columnsHere);
        if (!isOther) expect(rest).toBe(divideEvent(event, told).rest);
        if (rest !== undefined) expect(uniteEvent({ template, rest }, columnsHere)).toBe(event);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['begins otherwise', 'T', { ...NONE }],
    ['ends otherwise', '{"time":123456789}', { ...NONE }],
    ['has no time where the template has one', '{"time":12,"s":"a"}', { ...NONE, subject: 'a' }],
    ['has another subject', '{"time":123456789,"s":"b"}', { ...NONE, subject: 'a' }],
    ['goes on behind its end', '{"time":123456789,"s":"a"}}', { ...NONE, subject: 'a' }],
  ])('is of another template when it %s', (_, text, told) => {
    const { template } = divideEvent('{"time":987654321,"s":"a"}', { ...NONE, subject: 'a' });
    expect(new LikelyTemplate(template).restOf(text, told)).toBeUndefined();
  });
});
