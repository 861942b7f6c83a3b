import type { Edge } from '@onbehalf/token-exchange';
import type { CrossAppGrant } from './cross-app-access.schema.js';

/** The cross-app grant that an edge is, if it is one. */
export function crossAppGrantOf(edge: Edge | undefined): CrossAppGrant | undefined {
  return edge?.extensions?.['crossAppAccess'] as CrossAppGrant | undefined;
}
