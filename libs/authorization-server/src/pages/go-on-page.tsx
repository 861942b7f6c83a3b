import { page } from './page.js';
import { DEFAULT_VIEW, type PageView } from './page-view.js';

/**
 * Answers a form whose sender goes on elsewhere: a redirect would be held to the `form-action` of the page with the form, and so
 * would all that follow it.
 */
export function goOnPage(address: string, view: PageView = DEFAULT_VIEW): string {
  return page(
    view.text('goOn.title'),
    <p>
      <a class="button" href={address}>
        {view.text('goOn.submit')}
      </a>
    </p>,
    address,
    view,
  );
}
