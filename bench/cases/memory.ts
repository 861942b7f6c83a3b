import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../cpu.ts';
import { CAN_INSPECT, Heap, INSPECTABLE } from '../heap.ts';
import { drive } from '../measure.ts';
import { valueRow, type Row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import { exchangeVariant } from '../requests.ts';
import type { Scale } from '../scale.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

const MEGABYTE = 1024 * 1024;
/** Readings in one tenth of the exchanges, between which the others of the tenth are made. */
const READINGS = 5;
/** Milliseconds in which nothing is asked of the server. */
const SETTLING = 3000;
const GROWTH = 1.1;
/**
 * With fewer exchanges the process has not found out in their first half how much garbage it may keep, from the little that it
 * starts with, and its size cannot be judged.
 */
const SETTLED = 500_000;
const NOTE =
  'In use: after all garbage is collected. Resident: as the system sees it, garbage included; V8 decides within some hundred ' +
  'thousand exchanges how much garbage there may be. Growth: each reading at the end against each at the beginning.';

/** What the authorization server holds idle, and whether many exchanges make it grow. */
export const memory: Case = {
  name: 'memory',
  run: async (stage, scale) => {
    if (!CAN_INSPECT) return { leftOut: 'this system has no signal that opens the inspector of a process' };
    const step = Math.ceil(scale.exchanges / (10 * READINGS));
    const inTenth = step * READINGS;
    const { before, used, resident, after } = await observe(stage, scale, step);
    const settles = 10 * inTenth >= SETTLED;
    return {
      title: `Memory of auth-server over ${(10 * inTenth).toLocaleString('en')} exchanges`,
      note: NOTE,
      rows: [
        ...growthRows('memory in use', used, 8 * inTenth, GROWTH),
        valueRow('resident memory, idle, before', [before / MEGABYTE], 'MB'),
        ...growthRows('resident memory', resident, 3 * inTenth, settles ? GROWTH : undefined),
        valueRow('resident memory, idle, after the ninth tenth', [after / MEGABYTE], 'MB'),
      ],
    };
  },
};

/** Readings of two tenths, the earlier one first. Bytes. */
type Tenths = Readonly<Record<string, readonly number[]>>;

interface Observations {
  readonly before: number;
  readonly used: Tenths;
  readonly resident: Tenths;
  readonly after: number;
}

async function observe(stage: Stage, { name, concurrency }: Scale, step: number): Promise<Observations> {
  const settling = name === 'tiny' ? 0 : SETTLING;
  const server = await stage.authServer({ settings: INSPECTABLE });
  await sleep(settling);
  const before = residentBytes(server.pid);
  const heap = await Heap.open(server.app);
  const variant = exchangeVariant(target(stage, server, 'exchange'));
  const tenth = async (read: 'inUse' | 'resident'): Promise<number[]> => {
    const bytes: number[] = [];
    while (bytes.length < READINGS) {
      await drive(variant, step, concurrency);
      bytes.push(await heap[read]());
    }
    // its access log, kept for those who look for lines in it
    server.app.lines.length = 0;
    process.stderr.write('.');
    return bytes;
  };
  await tenth('resident');
  const second = await tenth('inUse');
  // to collect garbage makes the process smaller: it has time to become what it was
  const sizes: number[][] = [];
  while (sizes.length < 7) sizes.push(await tenth('resident'));
  await sleep(settling);
  const after = await heap.resident();
  const last = await tenth('inUse');
  heap.close();
  return { before, used: { second, last }, resident: { sixth: sizes[3]!, ninth: sizes[6]! }, after };
}

/** Both tenths, and what lies between them. */
function growthRows(what: string, tenths: Tenths, exchanges: number, goal?: number): Row[] {
  const [[first, before], [last, after]] = Object.entries(tenths) as [[string, number[]], [string, number[]]];
  const pairs = after.flatMap((late) => before.map((early) => ({ early, late })));
  const ratios = pairs.map(({ early, late }) => late / early);
  const bytes = pairs.map(({ early, late }) => (late - early) / exchanges);
  const megabytes = (readings: readonly number[]): number[] => readings.map((reading) => reading / MEGABYTE);
  return [
    valueRow(`${what}, ${first} tenth`, megabytes(before), 'MB'),
    valueRow(`${what}, ${last} tenth`, megabytes(after), 'MB'),
    valueRow(`${what}, ${last} tenth ÷ ${first}`, ratios, '×', goal),
    valueRow(`${what}, growth for each exchange`, bytes, 'bytes'),
  ];
}
