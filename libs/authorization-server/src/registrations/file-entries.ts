import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { EdgeConfig, ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { Registration } from './registration.js';

/** What the file registers. A client's secret stays there. */
export function entriesOf({ clients, resources, users, edges }: ServerConfig): Registration[] {
  const entry = (kind: RegistrationKind, id: string, document: object): Registration => ({
    kind,
    id,
    version: 0,
    document: document as Registration['document'],
  });
  const names = edgeNames(edges);
  return [
    ...clients.map(({ clientId, secret: _, ...document }) => entry('client', clientId, { ...document, secrets: [] })),
    ...resources.map(({ audience, ...document }) => entry('resource', audience, document)),
    ...users.map(({ username, ...document }) => entry('user', username, document)),
    ...edges.map(({ id: _, ...document }, i) => entry('edge', names[i]!, document)),
  ];
}

/** An edge without a name has one made from what it joins; the second of the same gets a number. */
function edgeNames(edges: readonly EdgeConfig[]): string[] {
  const seen = new Map<string, number>();
  return edges.map(({ id, client, subjectAudience, target, mode }) => {
    const name = id ?? [client, subjectAudience ?? '', target, mode].map(encodeURIComponent).join(':');
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}:${times}`;
  });
}
