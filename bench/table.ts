/** Outcomes as tables for people. */
import { isMet, type Outcome, type Row } from './outcome.ts';
import type { Spread } from './statistics.ts';

const HEADINGS = ['', 'CPU µs (min–max)', 'per s', 'p50/p90/p99 ms', 'ratio or value (min–max)', 'goal', ''];

/** For a terminal. @param judged whether enough was measured to tell if goals are met */
export function table({ title, rows, note }: Outcome, judged: boolean): string {
  const lines = pad([HEADINGS, ...rows.map((row) => toCells(row, judged))]).map((cells) => `  ${cells.join('  ')}`);
  return [title, ...(note === undefined ? [] : [note]), ...lines.map((line) => line.trimEnd()), ''].join('\n');
}

/** For the documentation; columns that say nothing are left out. */
export function markdownTable({ rows }: Outcome): string {
  return markdown([HEADINGS, ...rows.map((row) => toCells(row, true))]);
}

/** The rows with a goal, of all outcomes. */
export function goalsTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ title, rows }) =>
    rows
      .filter(({ goal }) => goal)
      .map((row) => [title, nameOf(row), measured(row), `≤ ${row.goal!.atMost} ${row.unit ?? '×'}`, verdict(row)]),
  );
  return markdown([['Case', 'What', 'Measured (min–max)', 'Goal', ''], ...rows]);
}

function markdown(lines: readonly (readonly string[])[]): string {
  const [, ...body] = lines;
  const kept = lines[0]!.map((_, column) => column).filter((column) => body.some((cells) => cells[column]));
  const padded = pad(lines.map((cells) => kept.map((column) => cells[column]!)));
  const [heading, ...rest] = padded;
  const rule = heading!.map((cell) => '-'.repeat(cell.length));
  return [heading!, rule, ...rest].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function pad(lines: readonly (readonly string[])[]): string[][] {
  const widths = lines[0]!.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column]!)));
}

function toCells(row: Row, judged: boolean): string[] {
  const { cpu, perSecond, latency, goal } = row;
  return [
    nameOf(row),
    cpu ? withEnds(cpu, 0) : '',
    perSecond === undefined ? '' : perSecond.toFixed(0),
    latency ? [latency.p50, latency.p90, latency.p99].map((each) => each.toFixed(1)).join('/') : '',
    measured(row),
    goal ? `≤ ${goal.atMost}` : '',
    judged ? verdict(row) : '',
  ];
}

function nameOf({ variant, against }: Row): string {
  return against === undefined ? variant : `${variant} ÷ ${against}`;
}

function measured({ ratio, value, unit = '', amounts }: Row): string {
  if (ratio) return `${withEnds(ratio, 2)} ×`;
  if (value) return `${withEnds(value, digitsOf(value.median))} ${unit}`;
  return Object.entries(amounts ?? {})
    .map(([of, amount]) => `${amount.toFixed(digitsOf(amount))} ${of}`)
    .join(' · ');
}

function verdict(row: Row): string {
  const met = isMet(row);
  return met === undefined ? '' : met ? 'met' : 'NOT MET';
}

/** Three digits that count are enough. */
function digitsOf(amount: number): number {
  const size = Math.abs(amount);
  return size >= 100 || Number.isInteger(amount) ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
}

function withEnds({ median, min, max }: Spread, digits: number): string {
  // JSON has no NaN: it comes back as null
  if (!Number.isFinite(median)) return 'not known here';
  const middle = median.toFixed(digits);
  return min === max ? middle : `${middle} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
