import { page, type PageView } from '@onbehalf/authorization-server';
import { PATH } from '../linking/paths.js';
import { say, words } from './texts.js';

export interface ConfirmPage {
  readonly title: string;
  /** The account that is linked, and the one that would take its place. */
  readonly before: string;
  readonly after: string;
  readonly code: string;
  readonly formToken: string;
}

/** Asks whether another account of the same provider is to take the place of the one that is linked. */
export function confirmPage({ title, before, after, code, formToken }: ConfirmPage, view: PageView): string {
  const values = { title, before: <strong>{before}</strong>, after: <strong>{after}</strong> };
  return page(
    words(view, 'confirmTitle'),
    <>
      <p>{say(view, 'confirm', values)}</p>
      <form method="post" action={`${PATH}/confirm`}>
        <input type="hidden" name="form_token" value={formToken} />
        <input type="hidden" name="code" value={code} />
        <button type="submit" name="decision" value="replace">
          {words(view, 'replace')}
        </button>
        <button type="submit" name="decision" value="keep">
          {words(view, 'keep')}
        </button>
      </form>
    </>,
    undefined,
    view,
  );
}
