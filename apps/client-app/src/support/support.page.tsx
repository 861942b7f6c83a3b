import type { VNode } from '@onbehalf/html';
import { DEMO_USER } from '../login/login.service.js';
import type { MessageAnswer } from '../message/message.js';
import { CsrfField } from '../pages/csrf-field.js';
import { layout } from '../pages/layout.js';
import type { Visitor } from '../session/visitor.js';
import type { UsedAccount } from './support-session.js';
import { DEMO_ENGINEER } from './support-tool.js';

type Viewer = Visitor | undefined;

/** Whose account, and why. */
export function supportPage(visitor: Viewer): string {
  const content = (
    <section class="card narrow">
      <h1>See what a customer sees</h1>
      <p>
        You sign in afresh as the engineer (<code>{DEMO_ENGINEER}</code>, password <code>password</code>) and exchange:
        the token is the customer’s and says that you act. The reason is on record before the token leaves, and the
        customer sees it under “Who acted for me”.
      </p>
      <form method="post" action="/support">
        <CsrfField visitor={visitor} />
        <p>
          <label for="customer">Customer</label>
          <input id="customer" name="customer" value={DEMO_USER} maxLength={200} required />
        </p>
        <p>
          <label for="reason">Reason</label>
          <input id="reason" name="reason" maxLength={500} required />
        </p>
        <p>
          <label for="ticket">Ticket</label>
          <input id="ticket" name="ticket" maxLength={100} />
        </p>
        <button type="submit">Sign in and look</button>
      </form>
    </section>
  );
  return layout({ title: 'Support', content, visitor });
}

/** The page of the customer, with a banner that nobody overlooks. */
export function accountPage(used: UsedAccount, { message, hops }: MessageAnswer, visitor: Viewer): string {
  const content = (
    <>
      <Banner used={used} visitor={visitor} />
      <section class="card">
        <h1>The message of {used.customer}</h1>
        <blockquote>{message}</blockquote>
        <p class="hint">
          Fetched by {hops.length} calls; each token on the way says that {used.administrator} acts.
        </p>
      </section>
    </>
  );
  return layout({ title: `The account of ${used.customer}`, content, visitor });
}

function Banner({ used, visitor }: { readonly used: UsedAccount; readonly visitor: Viewer }): VNode {
  const minutes = Math.max(1, Math.ceil((used.expiresAt - Date.now()) / 60_000));
  return (
    <section class="card impersonation" role="status" aria-label="Impersonation">
      <p>
        <strong>{used.administrator}</strong> uses the account of <strong>{used.customer}</strong>: {used.reason}.{' '}
        {minutes} minutes left.
      </p>
      <form method="post" action="/support/stop">
        <CsrfField visitor={visitor} />
        <button type="submit">Stop</button>
      </form>
    </section>
  );
}

/** It is over, whoever ended it. */
export function endedPage(visitor: Viewer): string {
  const content = (
    <section class="card narrow">
      <h1>You use nobody’s account</h1>
      <p>The impersonation has ended: you stopped it, the customer did, an operator did, or its time is over.</p>
      <p>
        <a class="button" href="/support">
          Begin another one
        </a>
      </p>
    </section>
  );
  return layout({ title: 'Support', content, visitor });
}
