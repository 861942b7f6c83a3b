import { describe, expect, it } from '@jest/globals';
import { BoundedEntries, type Bounds } from './bounded-entries.js';

const ENTRY = { size: 100 };
const ROOM = { maxEntries: 10, maxBytes: 10_000 };

function filled(bounds: Partial<Bounds>) {
  const entries = new BoundedEntries({ ...ROOM, ...bounds });
  for (let i = 0; i < 20; i++) entries.set(`key-${i}`, ENTRY);
  return entries;
}

describe('BoundedEntries', () => {
  it.each([
    ['the number', {}, 10, 10],
    ['the bytes', { maxBytes: 500 }, 5, 15],
    ['a number that is not whole, rounded down', { maxEntries: 2.5 }, 2, 18],
    ['bytes that are not whole, rounded down', { maxBytes: 299.5 }, 2, 18],
    ['no entry at all', { maxEntries: 0 }, 0, 0],
    ['no byte at all', { maxBytes: 0 }, 0, 0],
  ])('are bounded by %s', (_case, bounds, size, evictions) => {
    const entries = filled(bounds);
    expect({ size: entries.size, bytes: entries.bytes, evictions: entries.evictions }).toEqual({
      size,
      bytes: size * ENTRY.size,
      evictions,
    });
  });

  it('an entry without room takes away only what it replaces', () => {
    const entries = new BoundedEntries(ROOM);
    entries.set('a', ENTRY);
    entries.set('b', ENTRY);
    entries.set('a', { size: ROOM.maxBytes + 1 });
    expect([entries.get('a'), entries.get('b'), entries.bytes, entries.evictions]).toEqual([undefined, ENTRY, 100, 0]);
  });

  it('nothing but eviction counts as eviction', () => {
    const entries = new BoundedEntries(ROOM);
    for (const size of [1, 2, 3]) entries.set('replaced', { size });
    entries.set('deleted', ENTRY);
    expect(entries.delete('deleted')).toBe(true);
    expect(entries.deleteWhere(({ size }) => size === 3)).toEqual(['replaced']);
    expect([entries.size, entries.bytes, entries.evictions]).toEqual([0, 0, 0]);
  });
});
