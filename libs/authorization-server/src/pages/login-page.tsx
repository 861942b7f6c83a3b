import type { VNode } from '@onbehalf/html';
import type { LoginPage } from '../ports/login-view.js';
import { page } from './page.js';
import { DEFAULT_VIEW, type PageView } from './page-view.js';

/** The login form. Works without JavaScript; a wrong password is said and the user name kept. */
export function loginPage({ clientId, error, ...form }: LoginPage, view: PageView = DEFAULT_VIEW): string {
  return page(
    view.text('login.title'),
    <>
      <p>{view.fill('login.client', { client: <strong>{clientId}</strong> })}</p>
      {error !== undefined && (
        <p class="error" id="error" role="alert">
          {error}
        </p>
      )}
      <LoginForm {...form} describedBy={error === undefined ? undefined : 'error'} view={view} />
    </>,
    undefined,
    view,
  );
}

interface LoginFormProps extends Pick<LoginPage, 'action' | 'username'> {
  readonly describedBy: string | undefined;
  readonly view: PageView;
}

function LoginForm({ action, username, describedBy, view }: LoginFormProps): VNode {
  // the field that needs attention gets the focus
  const focusPassword = username !== undefined;
  return (
    <form method="post" action={action}>
      <label for="username">{view.text('login.username')}</label>
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
      <label for="password">{view.text('login.password')}</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        aria-describedby={describedBy}
        autofocus={focusPassword}
      />
      <button type="submit">{view.text('login.submit')}</button>
    </form>
  );
}

/**
 * Whoever guesses too often waits, as does a user whose name is guessed with, and everybody while too many sign in.
 * @param wait seconds
 */
export function signInLaterPage(refused: 'too many attempts' | 'busy', wait: number, view: PageView): string {
  const minutes = Math.ceil(wait / 60);
  const key = refused === 'busy' ? 'wait.busy' : minutes === 1 ? 'wait.minute' : 'wait.minutes';
  const text = view.fill(key, { minutes: String(minutes) });
  return page(view.text('wait.title'), <p role="alert">{text}</p>, undefined, view);
}

export function loginExpiredPage(view: PageView): string {
  return page(view.text('expired.title'), <p role="alert">{view.text('expired.text')}</p>, undefined, view);
}
