import type { VNode } from '@onbehalf/html';
import { DEMO_USER } from '../login/login.service.js';
import { layout } from '../pages/layout.js';
import type { Login } from '../session/session-data.js';
import { Diagram } from './diagram.js';

/** For whoever has not signed in: what the problem is, and how to see its solution. */
export function landingPage(isDemo: boolean): string {
  const content = (
    <>
      <section class="hero">
        <div>
          <h1>A service calls another one. For whom?</h1>
          <Problem />
          <SignIn isDemo={isDemo} />
        </div>
      </section>
      <Solution />
      <Next />
    </>
  );
  return layout({ title: 'Token exchange, seen from inside', content, path: '/' });
}

/** Greets with what the tokens say: the subject, and the party that acts for them. */
export function homePage({ subject, authorizedParty, csrf }: Login): string {
  const content = (
    <>
      <section class="hero">
        <div>
          <h1>{`Hello '${subject} (${authorizedParty})'`}</h1>
          <p>
            You are signed in at the authorization server; this application holds your tokens on its own side, and your
            browser holds none. Your message lies with <strong>message-service</strong>, which accepts no token made for
            anyone else: <strong>user-service</strong> exchanges yours, and fetches the message on your behalf.
          </p>
          <p>
            <a class="button" href="/api/user/message">
              Read your message
            </a>
          </p>
        </div>
      </section>
      <Solution />
      <Next />
    </>
  );
  return layout({ title: 'Start', content, visitor: { user: subject, csrf }, path: '/' });
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
          Sign in again
        </a>
      </p>
    </section>
  );
  return layout({ title: 'Signed out', content });
}

function Problem(): VNode {
  return (
    <p class="lead">
      A service that holds a user’s token must call another service for that user. Passing the token on makes it a key
      to every door, and the service’s own credentials forget the user. Token exchange trades it for one that says who
      it is for, who asks, and nothing more than that call needs.
    </p>
  );
}

function SignIn({ isDemo }: { readonly isDemo: boolean }): VNode {
  if (!isDemo) {
    return (
      <p>
        <a class="button" href="/login">
          Sign in
        </a>
      </p>
    );
  }
  return (
    <p class="try">
      <a class="button" href="/login?demo">
        Sign in as the demo user
      </a>
      <span class="hint">
        The name <code>{DEMO_USER}</code> is filled in; the password is <code>password</code>, for it is a demo.
      </span>
    </p>
  );
}

function Solution(): VNode {
  return (
    <figure class="card picture">
      <Diagram />
      <figcaption>
        <ol>
          <li>
            client-app calls user-service with <strong>Token A</strong>, made for user-service.
          </li>
          <li>user-service asks auth-server to exchange it for one that message-service accepts.</li>
          <li>
            auth-server looks for an edge of its policy that allows it, lets each rule narrow it, writes down why, and
            answers with <strong>Token B</strong>: the same user, and user-service as the one who acts.
          </li>
          <li>message-service sees both, the user and the service.</li>
        </ol>
      </figcaption>
    </figure>
  );
}

const NEXT: readonly (readonly [path: string, title: string, text: string])[] = [
  [
    '/api/user/message',
    'Follow one request',
    'Five lanes, real times, and behind each exchange the decision and the token.',
  ],
  ['/lab/failures', 'Break it', 'Every way that fails, really done, with the right one beside it.'],
  ['/lab/which', 'Decide', 'Which flow your case needs, and when token exchange is not it.'],
  ['/lab/faces', 'Look further', 'Chains, actor tokens, impersonation, foreign issuers, step-up, bound keys.'],
  ['/lab/evaluate', 'Ask without doing', 'What would be granted, and by which rules, before anything is issued.'],
  ['/lab/activity', 'See who acted for you', 'Each exchange in your name, and a button that ends what came of it.'],
  ['/orders', 'Cross a border', 'Your orders at another company, which takes no token of this one.'],
  [
    '/support',
    'Be the support',
    'See what a customer sees, with a reason, a banner and a record that the customer sees.',
  ],
];

function Next(): VNode {
  return (
    <section aria-labelledby="next">
      <h2 id="next">What to try next</h2>
      <ul class="cards next">
        {NEXT.map(([path, title, text]) => (
          <li class="card">
            <h3>
              <a href={path}>{title}</a>
            </h3>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
