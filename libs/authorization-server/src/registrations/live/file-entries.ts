import type { RegistrationKind } from '@onbehalf/authorization-ports';
import { edgeNames } from '../../configuration/edge-names.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import type { Registration } from '../documents/registration.js';

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
