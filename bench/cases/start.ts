import { APPS, System } from '../../tools/system.ts';
import { residentBytes } from '../cpu.ts';
import { valueRow, type Row } from '../outcome.ts';
import type { Case } from './case.ts';

const MEGABYTE = 1024 * 1024;

/** From the start of each process until it says that it is ready, one app after the other, and what it holds then. */
export const start: Case = {
  name: 'start',
  run: async (stage, { starts }) => {
    const seconds = new Map(APPS.map((app) => [app, [] as number[]]));
    const megabytes = new Map(APPS.map((app) => [app, [] as number[]]));
    for (let round = 0; round < starts; round += 1) {
      const system = await System.onFreePorts();
      stage.later(() => system.down());
      for (const app of APPS) {
        const started = performance.now();
        await system.up(app);
        seconds.get(app)!.push((performance.now() - started) / 1000);
      }
      for (const app of APPS) megabytes.get(app)!.push(residentBytes(system.app(app).pid) / MEGABYTE);
      await stage.clear();
    }
    const rows: Row[] = [
      ...APPS.map((app) => valueRow(`${app}, start to ready`, seconds.get(app)!, 's', 2)),
      ...APPS.map((app) =>
        valueRow(`${app}, idle`, megabytes.get(app)!, 'MB', app === 'auth-server' ? 150 : undefined),
      ),
    ];
    return { title: 'Start and idle memory of each app', rows };
  },
};
