import type { OpenRowOf } from '@onbehalf/authorization-ports';
import { page, type PageView } from '@onbehalf/authorization-server';
import type { VNode } from '@onbehalf/html';
import type { linkedAccountsTable } from '../accounts/linked-accounts.table.js';
import { PATH } from '../linking/paths.js';
import { say, words } from './texts.js';

/** A provider, and the account that is linked there. */
export interface ShownProvider {
  readonly name: string;
  readonly title: string;
  /** What is asked for when it is connected. */
  readonly scopes: readonly string[];
  readonly linked: OpenRowOf<typeof linkedAccountsTable> | undefined;
}

export interface LinkedAccountsPage {
  /** Who is signed in. */
  readonly user: string;
  readonly providers: readonly ShownProvider[];
  /** What was done just now, and where. */
  readonly notice: { readonly done: 'linked' | 'unlinked' | 'left' | 'failed'; readonly title: string } | undefined;
  /** Proves that a form is one of this page. */
  readonly formToken: string;
}

/** Tells people which accounts they have linked, and lets them link and unlink. Works without JavaScript. */
export function linkedAccountsPage({ user, providers, notice, formToken }: LinkedAccountsPage, view: PageView): string {
  return page(
    words(view, 'title'),
    <>
      {notice && (
        <p class={notice.done === 'failed' ? 'error' : 'notice'} role="status">
          {say(view, notice.done, { title: <strong>{notice.title}</strong> })}
        </p>
      )}
      <p>{say(view, 'intro', { user: <strong>{user}</strong> })}</p>
      <ul class="clients">{providers.map((each) => providerEntry(each, formToken, view))}</ul>
    </>,
    undefined,
    view,
  );
}

function providerEntry({ name, title, scopes, linked }: ShownProvider, formToken: string, view: PageView): VNode {
  const shown = linked ? linked.scopes.split(' ') : scopes;
  return (
    <li key={name}>
      <h2>{title}</h2>
      <p class="since">{linked ? state(linked, view) : say(view, 'none')}</p>
      <ul class="scopes">
        {shown.map((scope) => (
          <li key={scope}>{view.scope(scope) ?? <code>{scope}</code>}</li>
        ))}
      </ul>
      {linked && <p>{say(view, 'acts', { title })}</p>}
      {form(
        'connect',
        [
          ['provider', name],
          ['scope', scopes.join(' ')],
        ],
        formToken,
        title,
        view,
        linked !== undefined,
      )}
      {linked && form('unlink', [['id', linked.id]], formToken, title, view)}
    </li>
  );
}

function state({ label, status, linked_at }: NonNullable<ShownProvider['linked']>, view: PageView): (VNode | string)[] {
  const date = <time datetime={new Date(linked_at * 1000).toISOString()}>{view.date(linked_at)}</time>;
  return [<strong>{label}</strong>, ', ', ...say(view, status === 'active' ? 'since' : 'ended', { date })];
}

function form(
  action: 'connect' | 'unlink',
  fields: readonly (readonly [string, string])[],
  formToken: string,
  title: string,
  view: PageView,
  isAgain = false,
): VNode {
  const text = words(view, isAgain ? 'again' : action);
  return (
    <form method="post" action={`${PATH}/${action}`}>
      <input type="hidden" name="form_token" value={formToken} />
      {fields.map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <button
        class={action === 'unlink' || isAgain ? 'quiet' : undefined}
        type="submit"
        aria-label={`${text}: ${title}`}
      >
        {text}
      </button>
    </form>
  );
}
