import type { z } from 'zod';
import { valueAt } from '../told-issues.js';
import { isReference } from './expand-templates.js';

/** The steps that lead to a member: `templates.edges.reads.mode`, `defaults.edges.mode`. */
const STEPS: Readonly<Record<string, number>> = { templates: 4, defaults: 3 };

/**
 * Takes out of templates and defaults what fits only once it is filled in, such as `https://{clientId}.example/callback`: it is judged
 * in the entries that have it.
 * @param issues what the schema finds
 */
export function leaveToEntries(configuration: unknown, issues: readonly z.core.$ZodIssue[]): void {
  for (const { code, path } of issues) {
    // what is filled in is text, and no number, list or map
    if (code === 'invalid_type') continue;
    const member = path.slice(0, STEPS[String(path[0])] ?? Infinity);
    if (member.length !== STEPS[String(path[0])] || !isReference(valueAt(configuration, path))) continue;
    const holder = valueAt(configuration, member.slice(0, -1)) as Record<PropertyKey, unknown>;
    delete holder[member.at(-1)!];
  }
}
