import { page } from './page.js';

/**
 * Answers a form whose sender goes on elsewhere: a redirect would be held to the `form-action` of the page with the form, and so
 * would all that follow it.
 */
export function goOnPage(address: string): string {
  return page(
    'One moment',
    <p>
      <a class="button" href={address}>
        Continue
      </a>
    </p>,
    address,
  );
}
