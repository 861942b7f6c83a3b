import type { ConsentedScope } from '@onbehalf/authorization-ports';
import type { VNode } from '@onbehalf/html';
import type { PageView } from './page-view.js';

/** What scopes let a client do, in words where there are some. */
export function scopeList(view: PageView, scopes: readonly ConsentedScope[]): VNode {
  return (
    <ul class="scopes">
      {scopes.map(({ scope, audience }) => (
        <li key={`${scope} ${audience ?? ''}`}>
          {view.scope(scope) ?? <code>{scope}</code>}
          {audience !== undefined && <small>{view.fill('consent.resource', { resource: audience })}</small>}
        </li>
      ))}
    </ul>
  );
}
