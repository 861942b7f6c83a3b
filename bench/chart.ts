/** The ratios as a drawing: one bar each, with its goal as a line. */
import { describe } from './machine.ts';
import { isMet, type Row } from './outcome.ts';
import type { Results } from './results.ts';

const TITLE = 'CPU per request, and memory, as a multiple of what it is compared with';
const WIDTH = 860;
const LABELS = 430;
const ROW = 26;
const TOP = 64;

interface Bar {
  readonly label: string;
  readonly row: Row;
  readonly ratio: number;
}

export function chart({ machine, cases }: Results): string {
  const bars = cases.flatMap(({ outcome }) => outcome.rows).flatMap(toBar);
  const dates = [...new Set(cases.map(({ date }) => date))].sort();
  const scale =
    (WIDTH - LABELS - 90) / Math.max(2, ...bars.map(({ ratio, row }) => Math.max(ratio, row.goal?.atMost ?? 0)));
  const height = TOP + bars.length * ROW + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="24" font-size="16">${TITLE}</text>`,
    `<text x="12" y="44" fill="#555">${escape(`${dates.join(', ')} · ${describe(machine)} · the mark is the goal`)}</text>`,
    ...bars.map((bar, index) => draw(bar, TOP + index * ROW, scale)),
    '</svg>',
    '',
  ].join('\n');
}

function toBar(row: Row): Bar[] {
  const { variant, against, ratio, value, unit } = row;
  const multiple = ratio ?? (unit === '×' ? value : undefined);
  if (!multiple || !Number.isFinite(multiple.median)) return [];
  return [{ label: against === undefined ? variant : `${variant} ÷ ${against}`, row, ratio: multiple.median }];
}

function draw({ label, row, ratio }: Bar, y: number, scale: number): string {
  const met = isMet(row);
  const fill = met === undefined ? '#8a94a6' : met ? '#2e7d5b' : '#b3541e';
  const mark = LABELS + (row.goal?.atMost ?? 0) * scale;
  return [
    `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escape(label)}</text>`,
    `<rect x="${LABELS}" y="${y + 3}" width="${(ratio * scale).toFixed(1)}" height="16" fill="${fill}"/>`,
    row.goal
      ? `<line x1="${mark.toFixed(1)}" x2="${mark.toFixed(1)}" y1="${y}" y2="${y + 22}" stroke="#111" stroke-width="2"/>`
      : '',
    `<text x="${(LABELS + Math.max(ratio, row.goal?.atMost ?? 0) * scale + 8).toFixed(1)}" y="${y + 15}">${ratio.toFixed(2)} ×</text>`,
  ].join('');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
