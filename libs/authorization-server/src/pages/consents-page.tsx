import type { ConsentedScope } from '@onbehalf/authorization-ports';
import type { VNode } from '@onbehalf/html';
import { page } from './page.js';
import type { PageView } from './page-view.js';
import { scopeList } from './scope-list.js';

/** Where users see, and take back, what they let clients do. */
export const CONSENTS_PATH = '/account/consents';

/** What one client may do. */
export interface ClientAccess {
  readonly clientId: string;
  /** Seconds since the epoch. */
  readonly since: number;
  /** Nobody was asked: the operator answers for the client. */
  readonly byOperator: boolean;
  readonly scopes: readonly ConsentedScope[];
  /** Of an AI agent: who answers for it, and until when it may act, seconds since the epoch. */
  readonly agent?: { readonly owner: string; readonly until: number };
}

export interface ConsentsPage {
  /** Who is signed in. */
  readonly user: string;
  readonly clients: readonly ClientAccess[];
  /** Which client has lost its access just now. */
  readonly withdrawn: string | undefined;
  /** Proves that a form is one of this page. */
  readonly formToken: string;
}

/** Tells who has access to an account, and lets its user take it back. Works without JavaScript. */
export function consentsPage({ user, clients, withdrawn, formToken }: ConsentsPage, view: PageView): string {
  return page(
    view.text('consents.title'),
    <>
      {withdrawn !== undefined && (
        <p class="notice" role="status">
          {view.fill('consents.withdrawn', { client: <strong>{withdrawn}</strong> })}
        </p>
      )}
      <p>{view.fill(clients.length > 0 ? 'consents.text' : 'consents.none', { user: <strong>{user}</strong> })}</p>
      {clients.length > 0 && <ul class="clients">{clients.map((client) => clientEntry(client, formToken, view))}</ul>}
    </>,
    undefined,
    view,
  );
}

function clientEntry(
  { clientId, since, byOperator, scopes, agent }: ClientAccess,
  formToken: string,
  view: PageView,
): VNode {
  const date = <time datetime={new Date(since * 1000).toISOString()}>{view.date(since)}</time>;
  return (
    <li key={clientId}>
      <h2>{clientId}</h2>
      <p class="since">
        {view.fill('consents.since', { date })}
        {byOperator && `, ${view.text('consents.operator')}`}
      </p>
      {agent && (
        <p class="since">
          {view.fill('consents.agent', { owner: <strong>{agent.owner}</strong>, date: view.date(agent.until) })}
        </p>
      )}
      {scopeList(view, scopes)}
      <form method="post" action={CONSENTS_PATH}>
        <input type="hidden" name="form_token" value={formToken} />
        <input type="hidden" name="client_id" value={clientId} />
        <button
          class="quiet"
          type="submit"
          aria-label={view.text('consents.withdraw.label').replace('{client}', clientId)}
        >
          {view.text('consents.withdraw')}
        </button>
      </form>
    </li>
  );
}

/** The page for a visitor who is not signed in. */
export function signedOutPage(view: PageView): string {
  return page(view.text('consents.title'), <p role="alert">{view.text('consents.signedOut')}</p>, undefined, view);
}
