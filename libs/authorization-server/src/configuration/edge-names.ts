import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { EdgeConfig } from './schema/server-config.schema.js';

/** By what edges are known. One without an id has a name made from what it joins; the second of the same gets a number. */
export function edgeNames(edges: readonly EdgeConfig[]): string[] {
  const seen = new Map<string, number>();
  return edges.map((edge) => {
    if (edge.id !== undefined) return edge.id;
    const name = nameOfJoined(edge);
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}:${times}`;
  });
}

/**
 * Edges that nothing but their order tells apart: a file that is renamed, or an entry that is moved, hands what operators have changed
 * of one at run time to another.
 * @param nameOf how mistakes name a setting
 */
export function* numberedEdges(
  edges: readonly EdgeConfig[],
  nameOf: (path: string) => string,
): Generator<ConfigurationError> {
  const first = new Map<string, number>();
  for (const [i, edge] of edges.entries()) {
    if (edge.id !== undefined) continue;
    const name = nameOfJoined(edge);
    const before = first.get(name);
    if (before === undefined) first.set(name, i);
    else yield new ConfigurationError(nameOf(`edges[${i}].id`), undefined, whyAnId(nameOf(`edges[${before}].id`)));
  }
}

function whyAnId(other: string): string {
  return `an id for each of this and ${other}, because they join the same, and only the order of files and entries tells them apart`;
}

function nameOfJoined({ client, subjectAudience, target, mode }: EdgeConfig): string {
  return [client, subjectAudience ?? '', target, mode].map(encodeURIComponent).join(':');
}
