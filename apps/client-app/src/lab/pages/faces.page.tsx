import type { VNode } from '@onbehalf/html';
import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';
import type { Card } from '../cards/card.js';
import { CardForm, pathOf } from './card-form.js';

/** Every face of token exchange, one card each. */
export function facesPage(cards: readonly Card[], visitor: Visitor | undefined): string {
  const content = (
    <>
      <h1>Faces of token exchange</h1>
      <p>
        One request, <code>grant_type=urn:ietf:params:oauth:grant-type:token-exchange</code>, answers many questions.
        Each card says when to use it, and does it: by real requests, with the decision of the authorization server
        beside them.
      </p>
      <CardList cards={cards.filter(({ section }) => section === 'faces')} visitor={visitor} />
    </>
  );
  return layout({ title: 'Faces of token exchange', content, visitor, path: '/lab/faces' });
}

export function CardList({
  cards,
  visitor,
}: {
  readonly cards: readonly Card[];
  readonly visitor: Visitor | undefined;
}): VNode {
  return (
    <ul class="cards">
      {cards.map((card) => (
        <li class="card" id={card.id}>
          <h2>
            <a href={pathOf(card)}>{card.title}</a>
          </h2>
          <p>{card.when}</p>
          <CardForm card={card} visitor={visitor} />
        </li>
      ))}
    </ul>
  );
}
