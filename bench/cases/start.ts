import { setTimeout as sleep } from 'node:timers/promises';
import { APPS, System } from '../../tools/system.ts';
import { residentBytes } from '../cpu.ts';
import { valueRow } from '../outcome.ts';
import type { Case } from './case.ts';

const MEGABYTE = 1024 * 1024;
/** Milliseconds in which nothing is asked of the apps. */
const SETTLING = 1000;
const GOALS = { seconds: 2, authServerMegabytes: 150 };

/** From the start of each process until it says that it is ready, one app after the other, and what it holds idle. */
export const start: Case = {
  name: 'start',
  run: async (stage, { starts, name }) => {
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
      await sleep(name === 'tiny' ? 0 : SETTLING);
      for (const app of APPS) megabytes.get(app)!.push(residentBytes(system.app(app).pid) / MEGABYTE);
      await stage.clear();
      process.stderr.write('.');
    }
    return {
      title: 'Start and idle memory of each app',
      rows: [
        ...APPS.map((app) => valueRow(`${app}, start to ready`, seconds.get(app)!, 's', GOALS.seconds)),
        ...APPS.map((app) => {
          const goal = app === 'auth-server' ? GOALS.authServerMegabytes : undefined;
          return valueRow(`${app}, resident, idle`, megabytes.get(app)!, 'MB', goal);
        }),
      ],
    };
  },
};
