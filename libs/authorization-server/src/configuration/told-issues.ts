import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { formatPath } from './mistakes.js';
import type { Expanded } from './templates/expand-templates.js';

const SECRET = /secret|password|jwks|^keys$/i;
/** Of a setting that is not known, which may be a misspelled one, and of variables. */
export const LIKE_SECRET = /se?cr|pas|pwd|hash|key|jwk/i;

/** What the schema finds, as mistakes: those of a template once, and not again for each entry that has it. */
export function toMistakes(
  { issues }: z.ZodError,
  { value, origins }: Expanded,
  nameOf: (path: string) => string,
): ConfigurationError[] {
  const all = issues.flatMap((issue) => pathsOf(issue).map((path) => ({ issue, path, setting: formatPath(path) })));
  const settings = all.map(({ setting }) => setting);
  return all
    .filter(({ setting }) => !isOfTemplate(setting, settings, origins))
    .map(({ issue: { code, message }, path, setting }) => {
      const isUnknown = code === 'unrecognized_keys';
      const isSecret = path.some((step) => (isUnknown ? LIKE_SECRET : SECRET).test(String(step)));
      const given = isSecret ? '(hidden)' : withoutSecrets(valueAt(value, path));
      return new ConfigurationError(nameOf(setting), given, isUnknown ? 'no such setting here' : message);
    });
}

function pathsOf(issue: z.core.$ZodIssue): PropertyKey[][] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

/** Whether the member comes from one that is wrong itself. */
function isOfTemplate(setting: string, wrong: readonly string[], origins: Expanded['origins']): boolean {
  const [member = ''] = /^\w+\[\d+\]\.[^.[]+/.exec(setting) ?? [];
  const origin = origins.get(member);
  return (
    origin !== undefined &&
    wrong.some((each) => each === origin || each.startsWith(`${origin}.`) || each.startsWith(`${origin}[`))
  );
}

/** A list or map in a wrong place may hold secrets further down. */
function withoutSecrets(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(withoutSecrets);
  if (typeof given !== 'object' || given === null) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, LIKE_SECRET.test(name) ? '(hidden)' : withoutSecrets(value)]),
  );
}

/** What stands at a path. */
export function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], raw);
}
