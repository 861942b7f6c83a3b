import type { VNode } from '@onbehalf/html';
import { DEMO_USER } from '../login/login.service.js';
import type { MessageAnswer } from '../message/message.js';
import { CsrfField } from '../pages/csrf-field.js';
import { layout } from '../pages/layout.js';
import type { Visitor } from '../session/visitor.js';
import type { Engineer, UsedAccount } from '../session/support-session.js';
import { DEMO_ENGINEER, type FoundCustomers } from './support-tool.js';

type Viewer = Visitor | undefined;

/** What it does, before an engineer has signed in for it; `engineer`: one has, and begins anew. */
export function supportPage(visitor: Viewer, engineer: Pick<Engineer, 'csrf'> | undefined): string {
  const content = (
    <section class="card narrow">
      <h1>See what a customer sees</h1>
      <p>
        You sign in afresh as the engineer (<code>{DEMO_ENGINEER}</code>, password <code>password</code>), choose the
        customer, and exchange: the token is the customer’s and says that you act. The reason is on record before the
        token leaves, and the customer sees it under “Who acted for me”.
      </p>
      <form method="post" action="/support">
        <CsrfField visitor={visitor ?? engineer} />
        <button type="submit">Sign in as an engineer</button>
      </form>
    </section>
  );
  return layout({ title: 'Support', content, visitor });
}

interface Choice {
  /** What was searched for. */
  readonly text: string;
  /** Absent: nothing was searched for. */
  readonly found: FoundCustomers | undefined;
  readonly engineer: Engineer;
  readonly visitor: Viewer;
}

/** Whose account, and why. */
export function customersPage({ text, found, engineer, visitor }: Choice): string {
  const content = (
    <section class="card narrow">
      <h1>Whose account?</h1>
      <form method="get" action="/support/customers" role="search">
        <p>
          <label for="search">Name of the customer, or a part of it</label>
          <input
            id="search"
            name="search"
            type="search"
            value={text || DEMO_USER}
            minLength={2}
            maxLength={100}
            required
          />
        </p>
        <button type="submit" class="quiet">
          Search
        </button>
      </form>
      {found && found.customers.length === 0 && <p role="status">Nobody whose account you may use is called so.</p>}
      {found && found.customers.length > 0 && <Customers found={found} csrf={engineer.csrf} />}
    </section>
  );
  return layout({ title: 'Support', content, visitor });
}

function Customers({ found, csrf }: { readonly found: FoundCustomers; readonly csrf: string }): VNode {
  return (
    <form method="post" action="/support/account">
      <CsrfField visitor={{ csrf }} />
      <fieldset>
        <legend>Customer</legend>
        {found.customers.map(({ id, name }, index) => (
          <p class="choice">
            <input
              type="radio"
              id={`customer-${index}`}
              name="customer"
              value={id}
              checked={found.customers.length === 1}
              required
            />{' '}
            <label for={`customer-${index}`}>{name === undefined || name === id ? id : `${name} (${id})`}</label>
          </p>
        ))}
        {found.more && <p class="hint">There are more: search for a longer part of the name.</p>}
      </fieldset>
      <p>
        <label for="reason">Reason</label>
        <input id="reason" name="reason" maxLength={500} required />
      </p>
      <p>
        <label for="ticket">Ticket</label>
        <input id="ticket" name="ticket" maxLength={100} />
      </p>
      <button type="submit">Use the account</button>
    </form>
  );
}

/** The page of the customer, with a banner that nobody overlooks. */
export function accountPage(used: UsedAccount, { message, hops }: MessageAnswer, visitor: Viewer): string {
  const content = (
    <>
      <Banner used={used} />
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

function Banner({ used }: { readonly used: UsedAccount }): VNode {
  const minutes = Math.max(1, Math.ceil((used.expiresAt - Date.now()) / 60_000));
  return (
    <section class="card impersonation" role="status" aria-label="Impersonation">
      <p>
        <strong>{used.administrator}</strong> uses the account of <strong>{used.customer}</strong>: {used.reason}.{' '}
        {minutes} minutes left.
      </p>
      <form method="post" action="/support/stop">
        <CsrfField visitor={used} />
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
