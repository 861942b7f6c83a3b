import { layout } from '../pages/layout.js';
import type { Login } from '../session/session-data.js';

/** Greets with what the tokens say: the subject, and the party that acts for them. */
export function homePage({ subject, authorizedParty }: Login): string {
  const content = (
    <section class="card narrow">
      <h1>{`Hello '${subject} (${authorizedParty})'`}</h1>
      <p>
        You are signed in at the authorization server; this application holds your tokens on its own side, and your
        browser holds none.
      </p>
      <p>
        Your message lies with <strong>message-service</strong>, which accepts no token made for anyone else.{' '}
        <strong>user-service</strong> exchanges yours, and fetches the message on your behalf.
      </p>
      <p>
        <a class="button" href="/api/user/message">
          Read your message
        </a>
      </p>
    </section>
  );
  return layout({ title: 'Start', content, user: subject });
}

/** After the logout: nobody is signed in here, whatever the user chose at the provider. */
export function signedOutPage(): string {
  const content = (
    <section class="card narrow">
      <h1>You are signed out</h1>
      <p>
        This application has forgotten you. If you chose to stay signed in at the authorization server, it will not ask
        for your password the next time.
      </p>
      <p>
        <a class="button" href="/login">
          Sign in
        </a>
      </p>
    </section>
  );
  return layout({ title: 'Signed out', content });
}
