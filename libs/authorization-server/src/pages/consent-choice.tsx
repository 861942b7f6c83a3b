import type { VNode } from '@onbehalf/html';
import { CONSENTS_PATH } from './consents-page.js';
import type { PageView } from './page-view.js';

/** The yes and the no of a form that asks the user for consent: `decision` is `allow` or `deny`. */
export function consentChoice(view: PageView): VNode {
  return (
    <>
      <button type="submit" name="decision" value="allow">
        {view.text('consent.allow')}
      </button>
      <button type="submit" name="decision" value="deny">
        {view.text('consent.deny')}
      </button>
    </>
  );
}

/** Leads to where consents are taken back. */
export function consentsLink(view: PageView): VNode {
  return <a href={CONSENTS_PATH}>{view.text('consents.title')}</a>;
}
