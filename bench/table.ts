/** Outcomes as a table for people. */
import { isMet, type Outcome, type Row } from './outcome.ts';
import type { Spread } from './statistics.ts';

const HEADINGS = ['', 'CPU µs (min–max)', 'per s', 'p50/p90/p99 ms', 'ratio (min–max)', 'goal', ''];

/** @param judged whether enough was measured to tell if goals are met */
export function table({ title, rows, note }: Outcome, judged: boolean): string {
  const cells = [HEADINGS, ...rows.map((row) => toCells(row, judged))];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...(note ? [note] : []), ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function toCells(row: Row, judged: boolean): string[] {
  const { variant, cpu, perSecond, latency, against, ratio, value, unit, goal } = row;
  const met = judged ? isMet(row) : undefined;
  return [
    against === undefined ? variant : `${variant} ÷ ${against}`,
    cpu ? withEnds(cpu, 0) : value ? `${withEnds(value, 2)} ${unit}` : '',
    perSecond === undefined ? '' : perSecond.toFixed(0),
    latency ? [latency.p50, latency.p90, latency.p99].map((each) => each.toFixed(1)).join('/') : '',
    ratio ? withEnds(ratio, 2) : '',
    goal ? `≤ ${goal.atMost}` : '',
    met === undefined ? '' : met ? 'met' : 'NOT MET',
  ];
}

function withEnds({ median, min, max }: Spread, digits: number): string {
  if (Number.isNaN(median)) return 'not known here';
  const middle = median.toFixed(digits);
  return min === max ? middle : `${middle} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
