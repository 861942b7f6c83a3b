import type { VNode } from '@onbehalf/html';
import { Decision } from '../inspector/decision.js';
import { CsrfField } from '../pages/csrf-field.js';
import { layout } from '../pages/layout.js';
import type { Visitor } from '../session/visitor.js';
import { toRecord, type ActivityLine, type ActivityPage } from './activity.js';

export const ACTIVITY_PATH = '/lab/activity';

/** A page, and the AI agent that it is about, where it is about one alone. */
type ShownActivity = ActivityPage & { readonly agent?: string | undefined };

/** What was exchanged on behalf of the user, by whom and for what, with a button that ends it. */
export function activityPageOf(shown: ShownActivity, visitor: Visitor, told?: string): string {
  const { activity, cursor, agent, archived_before: archived } = shown;
  const content = (
    <>
      <h1>Who acted for me</h1>
      <p>
        Each line is an exchange in your name, from the audit trail of the authorization server. Stop ends its token,
        and whatever was made from it.
      </p>
      {told !== undefined && (
        <p class="told" role="status">
          {told}
        </p>
      )}
      {agent !== undefined && (
        <p>
          Only what the AI agent <strong>{agent}</strong> did, and others after it. <a href={ACTIVITY_PATH}>Show all</a>
        </p>
      )}
      {activity.length === 0 && <Nothing since={archived} />}
      <ol class="activity">
        {activity.map((line) => (
          <Line line={line} visitor={visitor} />
        ))}
      </ol>
      {cursor !== undefined && (
        <p>
          <a class="button quiet" href={addressOf({ cursor, agent })}>
            Older
          </a>
        </p>
      )}
      {cursor === undefined && archived !== undefined && (
        <p>
          What happened before <time dateTime={archived}>{momentOf(archived)}</time> may be kept in an archive, and is
          not listed here. Ask those who run the authorization server about it.
        </p>
      )}
    </>
  );
  return layout({ title: 'Who acted for me', content, visitor, path: ACTIVITY_PATH });
}

function Nothing({ since }: { readonly since: string | undefined }): VNode {
  if (since === undefined) return <p>Nobody has acted for you yet. Read your message, and look again.</p>;
  return <p>There is no line since {momentOf(since)}.</p>;
}

function addressOf(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${ACTIVITY_PATH}?${new URLSearchParams(given).toString()}`;
}

function Line({ line, visitor }: { readonly line: ActivityLine; readonly visitor: Visitor }): VNode {
  const isLive = line.outcome === 'issued' && line.active === true;
  return (
    <li class="card">
      <div class="line-head">
        <p>
          <strong>{whoIn(line)}</strong> {verbOf(line)} <strong>{line.audiences.join(', ') || 'nobody'}</strong>
          {line.scopes && line.scopes.length > 0 && (
            <>
              {' '}
              for <code>{line.scopes.join(' ')}</code>
            </>
          )}
        </p>
        <div class="facts">
          <time dateTime={line.at}>{momentOf(line.at)}</time>
          {line.agent !== undefined && (
            <a class="agent" href={addressOf({ agent: line.agent })}>
              AI agent {line.agent}
            </a>
          )}
          <span class={`status ${line.outcome === 'issued' ? 'accepted' : 'refused'}`}>{stateOf(line)}</span>
          {isLive && (
            <form method="post" action={`${ACTIVITY_PATH}/stop`}>
              <CsrfField visitor={visitor} />
              <input type="hidden" name="id" value={line.id} />
              <button
                type="submit"
                class="stop"
                aria-label={`Stop what ${whoIn(line)} does at ${line.audiences.join(', ')}`}
              >
                Stop
              </button>
            </form>
          )}
        </div>
      </div>
      {line.stated_reason !== undefined && (
        <p>
          Reason: <q>{line.stated_reason}</q>
          {line.expires_at !== undefined && `, until ${momentOf(line.expires_at)}`}
        </p>
      )}
      <details class="fold">
        <summary>Why</summary>
        <Decision record={toRecord(line)} />
      </details>
    </li>
  );
}

/** An administrator who uses the account, by the tool; else the client that acts. */
function whoIn({ kind, actors, client_id: client }: ActivityLine): string {
  const [administrator] = actors;
  return kind === 'administrative' && administrator ? `${administrator.sub}, by ${client},` : client;
}

function verbOf({ outcome, kind }: ActivityLine): string {
  if (outcome !== 'issued') return 'was refused at';
  if (kind === 'administrative') return 'used your account at';
  return kind === 'impersonation' ? 'went as you to' : 'acted for you at';
}

function momentOf(time: string): string {
  return `${time.replace('T', ' ').slice(0, 19)} UTC`;
}

function stateOf({ outcome, active }: ActivityLine): string {
  if (outcome !== 'issued') return outcome;
  return active ? 'live' : 'over';
}
