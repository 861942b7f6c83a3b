import type { VNode } from '@onbehalf/html';
import { layout } from '../../pages/layout.js';
import type { Visitor } from '../../session/visitor.js';

interface Case {
  readonly question: string;
  readonly answer: string;
  readonly why: string;
  /** Where it is shown, and where it is described. */
  readonly links: readonly (readonly [href: string, text: string])[];
}

const CASES: readonly Case[] = [
  {
    question: 'A user clicks, and the call goes on from service to service.',
    answer: 'Token exchange, delegation',
    why: 'The user stays the subject, each service gets a token of its own, and act says who calls.',
    links: [
      ['/api/user/message', 'The flow'],
      ['/lab/cards/delegation-chain', 'Chain'],
    ],
  },
  {
    question: 'A job runs at night, and no user stands behind it.',
    answer: 'Client credentials',
    why: 'There is nobody to act for. Say so: the service is the subject.',
    links: [['/lab/cards/client-credentials', 'Client credentials']],
  },
  {
    question: 'Support must see what the customer sees.',
    answer: 'Impersonation, by an edge of its own',
    why: 'Short, with a reason, never for protected accounts, and recorded with who it was.',
    links: [['/lab/cards/impersonation', 'Impersonation']],
  },
  {
    question: 'An old system signs users in by SAML or by something of its own.',
    answer: 'Exchange of an assertion',
    why: 'What proves the user today becomes the subject token; everything behind it sees one kind of token.',
    links: [['/lab/faces', 'Faces']],
  },
  {
    question: 'A partner has its own issuer, and its users call your services.',
    answer: 'A trusted issuer',
    why: 'Its tokens are exchanged for yours at the border; its users are never taken for yours by name.',
    links: [['/lab/cards/trusted-issuer', 'Trusted issuer']],
  },
  {
    question: 'Your application, or a service of yours, calls another company for the user.',
    answer: 'Cross App Access, or identity chaining',
    why: 'A grant crosses the border and no token does; its authorization server decides, and an administrator of yours before it.',
    links: [
      ['/lab/cards/cross-app-access', 'Cross App Access'],
      ['/orders', 'Your orders there'],
    ],
  },
  {
    question: 'The call needs a sign-in that is fresh or strong.',
    answer: 'Step-up',
    why: 'The exchange is refused with what the user must prove, and the application asks for that.',
    links: [['/lab/cards/step-up', 'Step-up']],
  },
  {
    question: 'The token passes through hands that you do not trust.',
    answer: 'Key-bound tokens',
    why: 'Without a proof by its key the token is worth nothing.',
    links: [['/lab/cards/bound-key', 'Key-bound tokens']],
  },
  {
    question: 'An agent, or the API of a third party, is to act for the user.',
    answer: 'An actor token, or a vault',
    why: 'The one that acts proves itself; a refresh token of a third party never leaves the vault.',
    links: [['/lab/cards/actor-token', 'Actor token']],
  },
];

const NOT: readonly (readonly [string, string])[] = [
  ['One trust boundary', 'One process, or services that share data and people: a call inside needs no new token.'],
  ['No user', 'Nobody to act for: client credentials say that better.'],
  ['A server without RFC 8693', 'Its own on-behalf-of may do; presets of the client speak some of those.'],
  ['Only to change a scope', 'The client may ask for less at the login, or refresh with less.'],
];

/** Which flow a case needs, and when token exchange is not it. */
export function whichPage(visitor: Visitor | undefined): string {
  const content = (
    <>
      <h1>Which one do I need?</h1>
      <p class="lead">Find the sentence that sounds like yours. Each leads to the card that does it.</p>
      <ol class="choices">
        {CASES.map((each) => (
          <Choice {...each} />
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

function Choice({ question, answer, why, links }: Case): VNode {
  return (
    <li class="choice">
      <p class="question">{question}</p>
      <div>
        <p class="answer">{answer}</p>
        <p>{why}</p>
      </div>
      <p class="links">
        {links.map(([href, text]) => (
          <a class="button quiet" href={href}>
            {text}
          </a>
        ))}
      </p>
    </li>
  );
}
