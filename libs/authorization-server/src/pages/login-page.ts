import { html } from '@onbehalf/html';
import { page } from './page.js';

export interface LoginPage {
  /** The address that the form is sent to. */
  readonly action: string;
  /** The client that the user logs in for. */
  readonly clientId: string;
  readonly username?: string;
  readonly error?: string;
}

/** The login form. Works without JavaScript; a wrong password is said and the user name kept. */
export function loginPage({ action, clientId, username, error }: LoginPage): string {
  const message = error === undefined ? undefined : html`<p class="error" id="error" role="alert">${error}</p>`;
  const described = error === undefined ? undefined : html`aria-describedby="error"`;
  // the field that needs attention gets the focus
  const [first, second] = username === undefined ? [html`autofocus`, undefined] : [undefined, html`autofocus`];
  return page(
    'Sign in',
    html`<p>to continue to <strong>${clientId}</strong></p>
      ${message}
      <form method="post" action="${action}">
        <label for="username">User name</label>
        <input
          id="username"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          value="${username}"
          ${described}
          ${first}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          ${described}
          ${second}
        />
        <button type="submit">Sign in</button>
      </form>`,
  );
}
