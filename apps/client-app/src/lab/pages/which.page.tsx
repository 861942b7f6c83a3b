import type { VNode } from '@onbehalf/html';
import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';
import type { Card } from '../cards/card.js';
import { pathOf } from './card-form.js';
import { Guides } from './guides.js';

interface Case {
  readonly question: string;
  readonly answer: string;
  readonly why: string;
  /** The cards that do it. */
  readonly cards: readonly string[];
  /** A page that does it beside the cards. */
  readonly page?: Card['page'];
  /** Pages of the repository's documentation, from its root. */
  readonly guides: readonly string[];
}

/** What people need, in their words, and what serves them. */
export const CASES: readonly Case[] = [
  {
    question: 'A user clicks, and the call goes on from service to service.',
    answer: 'Token exchange, delegation',
    why: 'The user stays the subject, each service gets a token of its own, and act says who calls.',
    cards: ['delegation-chain'],
    page: { path: '/api/user/message', name: 'The flow' },
    guides: ['libs/token-exchange-client/README.md'],
  },
  {
    question: 'A job runs at night, and no user stands behind it.',
    answer: 'Client credentials',
    why: 'There is nobody to act for. Say so: the service is the subject.',
    cards: ['client-credentials'],
    guides: ['docs/guides/jobs-and-messages.md'],
  },
  {
    question: 'Support must see what the customer sees.',
    answer: 'Administrative impersonation',
    why: 'Short, with a reason, never for protected accounts, recorded with who it was, and the customer sees it.',
    cards: ['administrative-impersonation'],
    guides: ['docs/guides/administrative-impersonation.md'],
  },
  {
    question: 'The next service knows users only, and must not notice that another one asks.',
    answer: 'Impersonation, by an edge of its own',
    why: 'The token names the user alone; the reason and the trail keep who it was.',
    cards: ['impersonation'],
    guides: ['libs/authorization-server/README.md'],
  },
  {
    question: 'An old system signs users in by SAML or by something of its own.',
    answer: 'Exchange of an assertion, or of a token of your own',
    why: 'What proves the user today becomes the subject token; everything behind it sees one kind of token.',
    cards: ['saml-assertion', 'custom-token'],
    guides: ['docs/guides/saml.md', 'docs/guides/custom-token-exchange.md'],
  },
  {
    question: 'A partner has its own issuer, and its users call your services.',
    answer: 'A trusted issuer',
    why: 'Its tokens are exchanged for yours at the border; its users are never taken for yours by name.',
    cards: ['trusted-issuer'],
    guides: ['libs/authorization-server/README.md'],
  },
  {
    question: 'Your application, or a service of yours, calls another company for the user.',
    answer: 'Cross App Access, or identity chaining',
    why: 'A grant crosses the border and no token does; its authorization server decides, and an administrator of yours before it.',
    cards: ['cross-app-access'],
    guides: ['docs/guides/across-domains.md'],
  },
  {
    question: 'The call needs a sign-in that is fresh or strong.',
    answer: 'Step-up',
    why: 'The exchange is refused with what the user must prove, and the application asks for that.',
    cards: ['step-up'],
    guides: ['libs/token-exchange-client/README.md'],
  },
  {
    question: 'The token passes through hands that you do not trust.',
    answer: 'Key-bound tokens',
    why: 'Without a proof by its key the token is worth nothing.',
    cards: ['bound-key'],
    guides: ['libs/resource-server/README.md'],
  },
  {
    question: 'An agent, or the API of a third party, is to act for the user.',
    answer: 'An actor token, or a vault',
    why: 'The one that acts proves itself; a refresh token of a third party never leaves the vault.',
    cards: ['actor-token'],
    guides: ['libs/token-exchange/README.md'],
  },
];

const NOT: readonly (readonly [string, string])[] = [
  ['One trust boundary', 'One process, or services that share data and people: a call inside needs no new token.'],
  ['No user', 'Nobody to act for: client credentials say that better.'],
  ['A server without RFC 8693', 'Its own on-behalf-of may do; presets of the client speak some of those.'],
  ['Only to change a scope', 'The client may ask for less at the login, or refresh with less.'],
];

/** Which flow a case needs, and when token exchange is not it. */
export function whichPage(cards: readonly Card[], visitor: Visitor | undefined): string {
  const content = (
    <>
      <h1>Which one do I need?</h1>
      <p class="lead">
        Find the sentence that sounds like yours. Each leads to the card that does it, and to its guide.
      </p>
      <ol class="choices">
        {CASES.map((each) => (
          <Choice {...each} all={cards} />
        ))}
      </ol>
      <section aria-labelledby="not">
        <h2 id="not">When not to use token exchange</h2>
        <dl class="card not">
          {NOT.map(([title, text]) => (
            <div>
              <dt>{title}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
  return layout({ title: 'Which one do I need?', content, visitor, path: '/lab/which' });
}

function Choice({ question, answer, why, cards, page, guides, all }: Case & { readonly all: readonly Card[] }): VNode {
  const shown = all.filter(({ id }) => cards.includes(id));
  const pages = [page, ...shown.map((card) => card.page)].flatMap((each) => each ?? []);
  return (
    <li class="choice">
      <p class="question">{question}</p>
      <div>
        <p class="answer">{answer}</p>
        <p>{why}</p>
        <Guides paths={guides} />
      </div>
      <p class="links">
        {[...pages, ...shown.map((card) => ({ path: pathOf(card), name: card.title }))].map(({ path, name }) => (
          <a class="button quiet" href={path}>
            {name}
          </a>
        ))}
      </p>
    </li>
  );
}
