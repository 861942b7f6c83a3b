import { deny, narrow, type Rule, type Target } from '@onbehalf/token-exchange';
import { ofEdge, readOnlyOf } from './administrative-impersonation.schema.js';

/** An administrator reads. More is granted where every edge widens to it and the request names it. */
export const readOnlyRule: Rule = {
  name: 'read-only',
  judge({ kind, request, targets }, limits) {
    if (kind !== 'administrative') return undefined;
    const requested = request.scopes ?? [];
    const may = (scope: string): boolean => targets.every((target) => permits(target, scope, requested));
    const excessive = requested.filter((scope) => !may(scope));
    if (excessive.length === 0) return narrow({ scopes: limits.scopes.filter(may) });
    const reason = `more than reading: ${excessive.join(' ')}`;
    return deny('invalid_scope', 'The requested scope exceeds what an impersonation may do', { reason });
  },
};

function permits({ resource, edge }: Target, scope: string, requested: readonly string[]): boolean {
  return readOnlyOf(resource).includes(scope) || (ofEdge(edge).widens.includes(scope) && requested.includes(scope));
}
