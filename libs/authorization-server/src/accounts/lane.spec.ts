import { describe, expect, it } from '@jest/globals';
import { Lane, LaneFull } from './lane.js';

describe('a lane for costly work', () => {
  function work(lane: Lane) {
    const began: number[] = [];
    const ends: PromiseWithResolvers<number>[] = [];
    const start = (id: number): Promise<number> => {
      const end = Promise.withResolvers<number>();
      ends[id] = end;
      return lane.run(() => {
        began.push(id);
        return end.promise;
      });
    };
    return { began, ends, start };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('does no more at a time than it is wide, in the order of asking', async () => {
    const { began, ends, start } = work(new Lane({ width: 2, waiting: 10 }));
    const done = [0, 1, 2, 3].map(start);
    expect(began).toEqual([0, 1]);
    ends[1]!.resolve(1);
    await settled();
    expect(began).toEqual([0, 1, 2]);
    ends.forEach((end, id) => end.resolve(id));
    await settled();
    ends.forEach((end, id) => end.resolve(id));
    expect(await Promise.all(done)).toEqual([0, 1, 2, 3]);
    expect(began).toEqual([0, 1, 2, 3]);
  });

  it('refuses what would wait behind too much, and takes more when there is room', async () => {
    const { began, ends, start } = work(new Lane({ width: 1, waiting: 1 }));
    const done = [start(0), start(1)];
    await expect(start(2)).rejects.toThrow(LaneFull);
    ends[0]!.resolve(0);
    await done[0];
    const third = start(3);
    ends[1]!.resolve(1);
    await settled();
    ends[3]!.resolve(3);
    expect(await Promise.all([done[1], third])).toEqual([1, 3]);
    expect(began).toEqual([0, 1, 3]);
  });

  it('goes on after work that fails', async () => {
    const lane = new Lane({ width: 1, waiting: 1 });
    await expect(lane.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lane.run(() => Promise.resolve('yes'))).toBe('yes');
  });
});
