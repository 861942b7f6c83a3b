import { expect, it } from '@jest/globals';
import { giveBackStartMemory } from './start-memory.js';

const MEGABYTE = 1024 * 1024;

it('what is no longer reached is given back to the system, not only for use by the process', async () => {
  const held = { objects: Array.from({ length: 1_000_000 }, (_, index) => ({ index })) };
  const before = process.memoryUsage().heapTotal;
  held.objects = [];
  await giveBackStartMemory();
  expect(before - process.memoryUsage().heapTotal).toBeGreaterThan(20 * MEGABYTE);
});
