import type { VNode } from '@onbehalf/html';
import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';
import type { Card } from '../cards/card.js';
import { CardList } from './faces.page.js';

interface Pattern {
  readonly name: string;
  /** The card that shows it. */
  readonly card: string;
  readonly user: 'yes' | 'no';
  readonly service: 'yes' | 'no';
  readonly standard: string;
}

const PATTERNS: readonly Pattern[] = [
  { name: 'The same token everywhere', card: 'same-token', user: 'yes', service: 'no', standard: 'no' },
  { name: 'Client credentials', card: 'client-credentials', user: 'no', service: 'yes', standard: 'yes, RFC 6749' },
  { name: 'On-behalf-of', card: 'on-behalf-of', user: 'yes', service: 'yes', standard: 'a vendor’s own' },
  { name: 'Token exchange', card: 'three-options', user: 'yes', service: 'yes', standard: 'yes, RFC 8693' },
  { name: 'Token relay', card: 'token-relay', user: 'yes', service: 'no', standard: 'a framework’s own' },
];

/** The ways to call on, what each loses, and a button for everything that goes wrong. */
export function failuresPage(cards: readonly Card[], visitor: Visitor | undefined): string {
  const failures = cards.filter(({ section }) => section === 'failures');
  const content = (
    <>
      <h1>Ways that fail</h1>
      <p class="lead">
        Five ways to call the next service, and what arrives there. Every cell leads to the button that shows it; what
        is refused is refused by the service itself.
      </p>
      <Patterns />
      <CardList cards={failures} visitor={visitor} />
    </>
  );
  return layout({ title: 'Ways that fail', content, visitor, path: '/lab/failures' });
}

function Patterns(): VNode {
  return (
    <table class="patterns" role="table">
      <thead role="rowgroup">
        <tr role="row">
          {['Pattern', 'User identity', 'Service identity', 'Standard'].map((name) => (
            <th scope="col" role="columnheader">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {PATTERNS.map(({ name, card, user, service, standard }) => (
          <tr role="row">
            <th scope="row" role="rowheader">
              <a href={`#${card}`}>{name}</a>
            </th>
            <Cell label="User identity" value={user} card={card} />
            <Cell label="Service identity" value={service} card={card} />
            <td role="cell" data-label="Standard">
              <a href={`#${card}`}>{standard}</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({
  label,
  value,
  card,
}: {
  readonly label: string;
  readonly value: 'yes' | 'no';
  readonly card: string;
}): VNode {
  return (
    <td role="cell" data-label={label}>
      <a class={value} href={`#${card}`}>
        {value === 'yes' ? 'arrives' : 'lost'}
      </a>
    </td>
  );
}
