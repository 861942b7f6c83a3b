import { layout } from '../pages/layout.js';
import type { Visitor } from '../session/visitor.js';
import type { OrdersAnswer } from './order-service.js';

/** The orders, and by whom the other company was asked for them. */
export function ordersPage(visitor: Visitor, { user, orders, askedBy }: OrdersAnswer): string {
  const content = (
    <>
      <section class="card">
        <h1>Your orders</h1>
        {orders.length === 0 ? (
          <p>You have ordered nothing.</p>
        ) : (
          <ul>
            {orders.map(({ number, item }) => (
              <li>
                <code>{number}</code> {item}
              </li>
            ))}
          </ul>
        )}
        <p class="hint">
          Kept by another company, which knows you as <strong>{user}</strong>. It was asked by {askedBy.join(', for ')}.
        </p>
        <p>
          No token of this domain was sent there: the authorization server gave an ID-JAG for your ID token, as an
          administrator allows it, and the company’s own authorization server gave an access token for that.
        </p>
      </section>
      <p class="back">
        <a href="/lab/cards/cross-app-access">See the six steps</a>
      </p>
    </>
  );
  return layout({ title: 'Your orders', content, visitor });
}
