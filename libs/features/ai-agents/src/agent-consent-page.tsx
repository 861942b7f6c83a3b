import { consentChoice, consentsLink, page, scopeList, type PageView } from '@onbehalf/authorization-server';
import type { VNode } from '@onbehalf/html';
import type { Access } from './ai-agents.schema.js';
import type { ConsentLifetime } from './consent-lifetimes.js';

/** What an agent asks of a user. */
export interface AskedOfUser {
  readonly agent: string;
  /** Who answers for it. */
  readonly owner: string;
  /** Who is signed in. */
  readonly user: string;
  /** What is asked for, and not allowed yet. */
  readonly access: readonly Access[];
  /** What it may already. */
  readonly standing: readonly Access[];
}

export interface AgentConsentPage extends AskedOfUser {
  /** How long it may be, the shortest first. */
  readonly lifetimes: readonly ConsentLifetime[];
  /** Proves that the form is one of this page. */
  readonly formToken: string;
}

/** Asks the user whether an agent may act. Works without JavaScript. */
export function agentConsentPage(asked: AgentConsentPage, view: PageView): string {
  const { agent, owner, user, access, lifetimes, formToken } = asked;
  const names = { agent: <strong>{agent}</strong>, owner: <strong>{owner}</strong>, user: <strong>{user}</strong> };
  return page(
    view.text('agent.title'),
    <>
      <p>{view.fill('agent.asks', names)}</p>
      {scopeList(view, access)}
      {standingList(asked, view)}
      <form method="post">
        <input type="hidden" name="form_token" value={formToken} />
        {[...new Set(access.map(({ audience }) => audience))].map((audience) => (
          <input key={audience} type="hidden" name="audience" value={audience} />
        ))}
        <input type="hidden" name="scope" value={[...new Set(access.map(({ scope }) => scope))].join(' ')} />
        <label>
          {view.text('agent.howLong')}
          <select name="lifetime">
            {lifetimes.map(({ name }) => (
              <option key={name} value={name} selected={name === 'day'}>
                {view.text(`agent.${name}`)}
              </option>
            ))}
          </select>
        </label>
        {consentChoice(view)}
      </form>
      <p>{view.fill('consent.remembered', { consents: consentsLink(view) })}</p>
    </>,
    undefined,
    view,
  );
}

/** Says that what is asked for is allowed already, or cannot be. */
export function nothingToAllowPage(asked: AskedOfUser, view: PageView): string {
  return answerPage('agent.nothing', asked, view);
}

/** Says what the user has decided. */
export function decidedPage(asked: AskedOfUser, isAllowed: boolean, view: PageView): string {
  return answerPage(isAllowed ? 'agent.allowed' : 'agent.denied', { ...asked, standing: [] }, view);
}

function answerPage(
  text: 'agent.nothing' | 'agent.allowed' | 'agent.denied',
  asked: AskedOfUser,
  view: PageView,
): string {
  return page(
    view.text('agent.title'),
    <>
      <p role="status">{view.fill(text, { agent: <strong>{asked.agent}</strong> })}</p>
      {standingList(asked, view)}
      <p>{view.fill('consent.remembered', { consents: consentsLink(view) })}</p>
    </>,
    undefined,
    view,
  );
}

function standingList({ standing }: AskedOfUser, view: PageView): VNode | undefined {
  if (standing.length === 0) return undefined;
  return (
    <>
      <p>{view.text('agent.standing')}</p>
      {scopeList(view, standing)}
    </>
  );
}
