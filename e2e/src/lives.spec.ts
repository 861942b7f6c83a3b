import { afterAll, beforeAll, describe } from '@jest/globals';
import { CHANGED, DISABLED, livesByApi } from './lives-by-api.js';
import { livesByFile, stage } from './lives-by-file.js';
import { LivesWorld } from './lives-world.fixture.js';
import { closeStores, sharedStores } from './shared-stores.js';

const fileAt = (index: 0 | 1 | 2) => stage(index, CHANGED, DISABLED);

afterAll(closeStores);

describe.each(sharedStores)('nobody inherits, on $name with two replicas', ({ open }) => {
  let world: LivesWorld;

  beforeAll(async () => {
    world = await LivesWorld.open(await open(), fileAt(0));
  }, 60_000);
  afterAll(() => world?.close());

  describe('by the file and restarts', () => livesByFile(() => world, fileAt));
  describe('by the admin API', () => livesByApi(() => world));
});
