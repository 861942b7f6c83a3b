import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../cpu.ts';
import { drive } from '../measure.ts';
import { valueRow } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import { median } from '../statistics.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

const MEGABYTE = 1024 * 1024;
/** Readings at each end of the run, of which the middle is taken: the heap breathes. */
const READINGS = 10;
/** Milliseconds after the start in which nothing is asked of the server. */
const SETTLING = 3000;

/** What the authorization server holds idle, and whether many exchanges make it grow. */
export const memory: Case = {
  name: 'memory',
  run: async (stage, scale) => {
    const server = await stage.authServer();
    await sleep(scale.name === 'tiny' ? 0 : SETTLING);
    const idle = residentBytes(server.pid) / MEGABYTE;
    const variant = exchangeVariant(target(stage, server, 'exchange'));
    const exchanges = (part: number): Promise<number[]> =>
      drive(variant, Math.ceil(scale.exchanges * part), scale.concurrency);
    const readings = async (): Promise<number[]> => {
      const megabytes: number[] = [];
      for (let left = READINGS; left > 0; left -= 1) {
        await exchanges(0.1 / READINGS);
        megabytes.push(residentBytes(server.pid) / MEGABYTE);
      }
      return megabytes;
    };
    await exchanges(0.3);
    const early = await readings();
    await exchanges(0.5);
    const late = await readings();
    const count = scale.exchanges.toLocaleString('en');
    return {
      title: 'Memory of auth-server',
      note: 'Growth is from the first 40 % of the exchanges to the last 10 %. Resident memory, SQLite file, audit on.',
      rows: [
        valueRow('idle', [idle], 'MB', 150),
        valueRow(`during the last of ${count} exchanges`, late, 'MB'),
        valueRow('growth', [median(late) / median(early)], '×', 1.1),
      ],
    };
  },
};
