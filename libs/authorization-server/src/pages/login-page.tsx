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
  const describedBy = error === undefined ? undefined : 'error';
  // the field that needs attention gets the focus
  const focusPassword = username !== undefined;
  return page(
    'Sign in',
    <>
      <p>
        to continue to <strong>{clientId}</strong>
      </p>
      {error !== undefined && (
        <p class="error" id="error" role="alert">
          {error}
        </p>
      )}
      <form method="post" action={action}>
        <label for="username">User name</label>
        <input
          id="username"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          value={username}
          aria-describedby={describedBy}
          autofocus={!focusPassword}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby={describedBy}
          autofocus={focusPassword}
        />
        <button type="submit">Sign in</button>
      </form>
    </>,
  );
}

/**
 * Who guesses too often, or a user whose name somebody else guesses with, waits; so does everybody when too many sign in.
 * @param wait seconds
 */
export function signInLaterPage(refused: 'too many attempts' | 'busy', wait: number): string {
  const minutes = Math.ceil(wait / 60);
  const [reason, pause] =
    refused === 'busy'
      ? ['Many people sign in right now.', 'a few seconds']
      : ['There were too many attempts to sign in.', minutes === 1 ? 'a minute' : `${minutes} minutes`];
  return page(
    'Please wait',
    <p role="alert">
      {reason} Please wait {pause}, then go back to the application and sign in again.
    </p>,
  );
}

export function loginExpiredPage(): string {
  return page(
    'Please start again',
    <p role="alert">This sign-in has expired or was already used. Go back to the application and sign in again.</p>,
  );
}
