import type { EdgeConfig } from './schema/server-config.schema.js';

/** By what edges are known. One without an id has a name made from what it joins; the second of the same gets a number. */
export function edgeNames(edges: readonly EdgeConfig[]): string[] {
  const seen = new Map<string, number>();
  return edges.map(({ id, client, subjectAudience, target, mode }) => {
    if (id !== undefined) return id;
    const name = [client, subjectAudience ?? '', target, mode].map(encodeURIComponent).join(':');
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}:${times}`;
  });
}
