import { setTimeout as sleep } from 'node:timers/promises';
import { residentBytes } from '../cpu.ts';
import { CAN_INSPECT, Heap, INSPECTABLE, type Memory } from '../heap.ts';
import { drive } from '../measure.ts';
import { valueRow, type Row } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

const MEGABYTE = 1024 * 1024;
/** Readings in each tenth of the exchanges; a reading collects all garbage, which takes its time. */
const READINGS = 5;
/** Milliseconds in which nothing is asked of the server. */
const SETTLING = 3000;
const GROWTH = 1.1;

/** What the authorization server holds idle, and whether many exchanges make it grow. */
export const memory: Case = {
  name: 'memory',
  run: async (stage, scale) => {
    if (!CAN_INSPECT) return { leftOut: 'this system has no signal that opens the inspector of a process' };
    const tiny = scale.name === 'tiny';
    const settling = tiny ? 0 : SETTLING;
    const tenth = tiny ? 1 : READINGS;
    const server = await stage.authServer({ settings: INSPECTABLE });
    await sleep(settling);
    const before = residentBytes(server.pid);
    const heap = await Heap.open(server.app);
    const variant = exchangeVariant(target(stage, server, 'exchange'));
    const each = Math.ceil(scale.exchanges / (10 * tenth));
    const readings: Memory[] = [];
    while (readings.length < 10 * tenth) {
      await drive(variant, each, scale.concurrency);
      readings.push(await heap.read());
      // its access log, which is kept for those who look for lines in it
      server.app.lines.length = 0;
      if (readings.length % tenth === 0) process.stderr.write('.');
    }
    await sleep(settling);
    const after = await heap.read();
    heap.close();
    return {
      title: `Memory of auth-server over ${(each * readings.length).toLocaleString('en')} exchanges`,
      note: 'Growth: the readings of the last tenth against those of the second, each with each. SQLite file, audit on.',
      rows: [
        valueRow('resident, idle, before', [before / MEGABYTE], 'MB'),
        ...growthRows('in use after a garbage collection', readings, each, ({ live }) => live),
        ...growthRows('resident', readings, each, ({ resident }) => resident),
        valueRow('resident, idle, afterwards', [after.resident / MEGABYTE], 'MB'),
      ],
    };
  },
};

/** The first tenth is left out: the heap finds its size, code is compiled, caches fill. */
function growthRows(what: string, readings: readonly Memory[], each: number, pick: (of: Memory) => number): Row[] {
  const tenth = readings.length / 10;
  const early = readings.slice(tenth, 2 * tenth).map(pick);
  const late = readings.slice(-tenth).map(pick);
  const pairs = late.flatMap((last) => early.map((first) => ({ first, last })));
  const bytes = pairs.map(({ first, last }) => (last - first) / (each * 8 * tenth));
  return [
    valueRow(
      `${what}, in the last tenth`,
      late.map((value) => value / MEGABYTE),
      'MB',
    ),
    valueRow(
      `${what}, growth`,
      pairs.map(({ first, last }) => last / first),
      '×',
      GROWTH,
    ),
    valueRow(`${what}, growth for each exchange`, bytes, 'bytes'),
  ];
}
