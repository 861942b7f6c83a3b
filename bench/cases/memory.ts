import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../cpu.ts';
import { CAN_INSPECT, Heap, INSPECTABLE } from '../heap.ts';
import { drive } from '../measure.ts';
import { valueRow, type Row } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

const MEGABYTE = 1024 * 1024;
/** Readings in one tenth of the exchanges, between which the others of the tenth are made. */
const READINGS = 5;
/** Milliseconds in which nothing is asked of the server. */
const SETTLING = 3000;
const GROWTH = 1.1;
const NOTE =
  'In use: after all garbage is collected. Resident: as the system sees it, garbage included; how much garbage there may be is ' +
  'settled in the first half. Growth: each reading at the end against each at the beginning.';

/** What the authorization server holds idle, and whether many exchanges make it grow. */
export const memory: Case = {
  name: 'memory',
  run: async (stage, scale) => {
    if (!CAN_INSPECT) return { leftOut: 'this system has no signal that opens the inspector of a process' };
    const settling = scale.name === 'tiny' ? 0 : SETTLING;
    const server = await stage.authServer({ settings: INSPECTABLE });
    await sleep(settling);
    const before = residentBytes(server.pid);
    const heap = await Heap.open(server.app);
    const variant = exchangeVariant(target(stage, server, 'exchange'));
    const step = Math.ceil(scale.exchanges / (10 * READINGS));
    const tenth = async (read: () => Promise<number>): Promise<number[]> => {
      const bytes: number[] = [];
      while (bytes.length < READINGS) {
        await drive(variant, step, scale.concurrency);
        bytes.push(await read());
      }
      // its access log, kept for those who look for lines in it
      server.app.lines.length = 0;
      process.stderr.write('.');
      return bytes;
    };
    const resident = (): Promise<number> => heap.resident();
    // a collection makes the process smaller: what is resident is not read near one
    await tenth(resident);
    const used = [await tenth(() => heap.inUse())];
    const tenths = [];
    while (tenths.length < 7) tenths.push(await tenth(resident));
    await sleep(settling);
    const after = await heap.resident();
    used.push(await tenth(() => heap.inUse()));
    heap.close();
    return {
      title: `Memory of auth-server over ${(step * READINGS * 10).toLocaleString('en')} exchanges`,
      note: NOTE,
      rows: [
        ...growthRows('in use', { second: used[0]!, last: used[1]! }, 8 * READINGS * step),
        valueRow('resident, idle, before', [before / MEGABYTE], 'MB'),
        ...growthRows('resident', { sixth: tenths[3]!, ninth: tenths[6]! }, 3 * READINGS * step),
        valueRow('resident, idle, after the ninth tenth', [after / MEGABYTE], 'MB'),
      ],
    };
  },
};

/** Two tenths, the earlier one first, and what lies between them. */
function growthRows(what: string, tenths: Readonly<Record<string, readonly number[]>>, exchanges: number): Row[] {
  const [[first, before], [last, after]] = Object.entries(tenths) as [[string, number[]], [string, number[]]];
  const pairs = after.flatMap((late) => before.map((early) => ({ early, late })));
  const ratios = pairs.map(({ early, late }) => late / early);
  const bytes = pairs.map(({ early, late }) => (late - early) / exchanges);
  const megabytes = (readings: readonly number[]): number[] => readings.map((reading) => reading / MEGABYTE);
  return [
    valueRow(`${what}, ${first} tenth`, megabytes(before), 'MB'),
    valueRow(`${what}, ${last} tenth`, megabytes(after), 'MB'),
    valueRow(`${what}, ${last} tenth ÷ ${first}`, ratios, '×', GROWTH),
    valueRow(`${what}, growth for each exchange`, bytes, 'bytes'),
  ];
}
