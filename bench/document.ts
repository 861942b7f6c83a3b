/** The part of the documentation that is made of figures. */
import { describe } from './machine.ts';
import type { CaseResult, Results } from './results.ts';
import { goalsTable, markdownTable } from './table.ts';

const BEGIN = '<!-- figures: written by npm run bench -- --publish -->';
const END = '<!-- /figures -->';

/**
 * Renews the figures in a text.
 * @throws Error when the text has no place for them
 */
export function withFigures(text: string, { machine, cases }: Results): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`there is no ${BEGIN} … ${END}`);
  const parts = [
    BEGIN,
    `${describe(machine)}.`,
    goalsTable(cases.map(({ outcome }) => outcome)),
    ...cases.flatMap(section),
  ];
  return `${text.slice(0, begin)}${parts.join('\n\n')}\n\n${text.slice(end)}`;
}

function section({ name, date, scale, outcome }: CaseResult): string[] {
  const said = outcome.note === undefined ? '' : `${outcome.note} `;
  return [`### ${outcome.title}`, `${said}Case \`${name}\`, ${scale.name} run of ${date}.`, markdownTable(outcome)];
}
