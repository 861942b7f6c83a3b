import type { ConsentedScope } from '@onbehalf/authorization-ports';
import { consentChoice, consentsLink } from './consent-choice.js';
import { page } from './page.js';
import { DEFAULT_VIEW, type PageView } from './page-view.js';
import { scopeList } from './scope-list.js';

export interface ConsentPage {
  /** The address that the form is sent to. */
  readonly action: string;
  /** The client that asks. */
  readonly clientId: string;
  /** Who is signed in. */
  readonly user: string;
  readonly scopes: readonly ConsentedScope[];
  /** A yes counts for the requests to come. */
  readonly isRemembered: boolean;
}

/** Asks the user whether a client may have what it asks for. Works without JavaScript. */
export function consentPage(asked: ConsentPage, view: PageView = DEFAULT_VIEW): string {
  const { action, clientId, user, scopes, isRemembered } = asked;
  return page(
    view.text('consent.title'),
    <>
      <p>{view.fill('consent.asks', { client: <strong>{clientId}</strong>, user: <strong>{user}</strong> })}</p>
      {scopeList(view, scopes)}
      <form method="post" action={action}>
        {consentChoice(view)}
      </form>
      <p>
        {isRemembered ? view.fill('consent.remembered', { consents: consentsLink(view) }) : view.text('consent.once')}
      </p>
    </>,
    undefined,
    view,
  );
}
