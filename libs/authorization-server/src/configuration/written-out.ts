import { stringify } from 'yaml';
import { findFiles } from './files/find-files.js';
import { joinFiles } from './files/join-files.js';
import { expandTemplates, withoutTemplates } from './templates/expand-templates.js';

const SECRET = /secret$|password/i;
const VARIABLE = /^\$\{(\w+)(:-[^}]*)?\}$/;

/**
 * A configuration as one file of YAML that says everything the long way: what is included, and templates and defaults, where they
 * belong. Variables stay as they are written. No secret is told: one that stands in a file is `(hidden)`, and so is the default of a
 * variable in its place.
 * @param path of a configuration that `readServerConfig` accepts
 */
export function writtenOut(path: string): string {
  const { value } = expandTemplates(joinFiles(findFiles(path)).value, () => undefined);
  return stringify(withoutSecrets(withoutTemplates(value as object), false), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}

function withoutSecrets(value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret ? variableIn(value) : value;
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, isSecret));
  if (typeof value !== 'object' || value === null) return isSecret ? '(hidden)' : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withoutSecrets(item, isSecret || SECRET.test(name))]),
  );
}

function variableIn(text: string): string {
  const [, name] = VARIABLE.exec(text) ?? [];
  return name === undefined ? '(hidden)' : `\${${name}}`;
}
