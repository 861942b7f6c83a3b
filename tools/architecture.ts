/**
 * Draws docs/architecture.svg: the projects of the workspace and the rooms of the largest libraries, with an arrow for whom each
 * needs; what a longer way says, too, is left out. With `--check` nothing is written, and a stale picture fails.
 */
import { writeGenerated } from './generated.ts';
import { projects, reduced, rooms, type Graph } from './room-graph.ts';

const WIDTH = 1120;
const ROW = 74;
const BOX = 26;
const GAP = 14;
/** Of one character; the boxes need not know the font. */
const CHARACTER = 7.2;

const SECTIONS: readonly [string, Graph][] = [
  ['The workspace', projects()],
  ['libs/authorization-server', rooms('authorization-server')],
  ['libs/token-exchange', rooms('token-exchange')],
];

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const parts: string[] = [];
let top = 20;
for (const [title, graph] of SECTIONS) {
  const { text, height } = draw(title, graph, top);
  parts.push(text);
  top += height;
}
const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" font-size="12">`;
const arrow =
  '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
  '<path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>';
const svg = [
  head,
  '<title>The rooms of the workspace, and whom each needs</title>',
  arrow,
  `<rect width="${WIDTH}" height="${top}" fill="#fff"/>`,
  ...parts,
  '</svg>',
  '',
].join('\n');
await writeGenerated('docs/architecture.svg', 'tools/architecture.ts', svg);

function draw(title: string, all: Graph, y: number): { readonly text: string; readonly height: number } {
  const rows = inRows(all);
  const graph = reduced(all);
  const places = new Map<string, Place>();
  for (const [index, row] of rows.entries()) placeRow(row, y + 36 + (rows.length - 1 - index) * ROW, places);
  const arrows = [...graph].flatMap(([from, needed]) =>
    [...needed].map((to) => line(places.get(from), places.get(to))),
  );
  const boxes = [...places].map(([name, place]) => box(name, place));
  const heading = `<text x="16" y="${y + 14}" font-size="15">${title}</text>`;
  return { text: [heading, ...arrows, ...boxes].join('\n'), height: 36 + rows.length * ROW };
}

/** The rooms by the longest way down from them; the lowest first, each row in the order of what is below. */
function inRows(graph: Graph): string[][] {
  const depth = (name: string, above: readonly string[] = []): number => {
    if (above.includes(name)) throw new Error(`rooms that need each other: ${[...above, name].join(' → ')}`);
    return Math.max(-1, ...[...(graph.get(name) ?? [])].map((next) => depth(next, [...above, name]))) + 1;
  };
  const rows: string[][] = [];
  for (const name of graph.keys()) (rows[depth(name)] ??= []).push(name);
  const middle = new Map<string, number>();
  for (const row of rows) {
    const wanted = (name: string): number => {
      const below = [...(graph.get(name) ?? [])].map((to) => middle.get(to) ?? 0.5);
      return below.length === 0 ? 0.5 : below.reduce((sum, each) => sum + each, 0) / below.length;
    };
    row.sort((a, b) => wanted(a) - wanted(b) || (a < b ? -1 : 1));
    row.forEach((name, index) => middle.set(name, (index + 0.5) / row.length));
  }
  return rows;
}

function placeRow(row: readonly string[], y: number, places: Map<string, Place>): void {
  const widths = row.map((name) => name.length * CHARACTER + 16);
  const space = (WIDTH - widths.reduce((sum, width) => sum + width, 0)) / (row.length + 1);
  let x = Math.max(space, GAP);
  for (const [index, name] of row.entries()) {
    places.set(name, { x: round(x), y, width: round(widths[index]!) });
    x += widths[index]! + Math.max(space, GAP);
  }
}

function line(from: Place | undefined, to: Place | undefined): string {
  if (!from || !to) return '';
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + BOX, to.x + to.width / 2, to.y];
  const bend = round((y2 - y1) / 2);
  return `<path d="M${round(x1)} ${y1}C${round(x1)} ${y1 + bend} ${round(x2)} ${y2 - bend} ${round(x2)} ${y2}" fill="none" stroke="#999" marker-end="url(#arrow)"/>`;
}

function box(name: string, { x, y, width }: Place): string {
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${BOX}" rx="4" fill="#eef3fa" stroke="#557"/>` +
    `<text x="${round(x + width / 2)}" y="${y + 17}" text-anchor="middle">${name}</text>`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
