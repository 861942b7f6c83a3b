import { page, type PageView } from '@onbehalf/authorization-server';
import type { LinkProblem } from '../linking/link.js';
import { say, words } from './texts.js';

const TEXTS = {
  unknown: 'unknown',
  other_person: 'other',
  other_session: 'other',
  mixed_up: 'mixed',
  conflict: 'conflict',
} as const satisfies Readonly<Record<LinkProblem, string>>;

/** Says why a link does not go on; nothing was linked. */
export function linkProblemPage(problem: LinkProblem, view: PageView): string {
  return page(words(view, 'problemTitle'), <p role="alert">{say(view, TEXTS[problem])}</p>, undefined, view);
}
