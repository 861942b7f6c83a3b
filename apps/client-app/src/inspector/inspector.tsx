import type { VNode } from '@onbehalf/html';
import type { AuditRecord, Message, Pair, SentRequest, TokenView, Track } from '../run/run.js';
import { toCurl } from './curl.js';
import { Decision } from './decision.js';
import { Lanes, milliseconds, toneOf } from './lanes.js';
import { Token } from './token.js';

export interface InspectorProps {
  readonly track: Pick<Track, 'title' | 'messages'>;
  readonly tokens: readonly TokenView[];
}

/** What was sent, why it was granted or refused, and what came of it: one picture, and one list that says the same. */
export function Inspector({ track, tokens }: InspectorProps): VNode {
  const { messages, title } = track;
  return (
    <div class="inspector" data-player>
      <Lanes
        messages={messages}
        label={`${title}: ${messages.length} requests between the parties, with their times`}
      />
      <ol class="messages">
        {messages.map((message, index) => (
          <Entry message={message} number={index + 1} tokens={tokens} />
        ))}
      </ol>
    </div>
  );
}

interface EntryProps {
  readonly message: Message;
  readonly number: number;
  readonly tokens: readonly TokenView[];
}

function Entry({ message, number, tokens }: EntryProps): VNode {
  const { from, to, what, answer, failure, duration, note } = message;
  return (
    <li data-step={number}>
      <details class={`message ${toneOf(message)}`}>
        <summary>
          <span class="count">{number}</span>
          <span class="route">
            <strong>{from}</strong> <span aria-hidden="true">→</span>
            <span class="unseen"> to </span> <strong>{to}</strong> <span class="what">{what}</span>
          </span>
          <span class="facts">
            {note !== undefined && <span class="note">{note}</span>}
            <span class={`status ${toneOf(message)}`}>
              {answer ? answer.status : failure === undefined ? 'done' : 'no answer'}
            </span>
            <span class="took">{milliseconds(duration)}</span>
          </span>
        </summary>
        <div class="panels">
          <Request message={message} />
          {message.record && (
            <section>
              <p class="head">Decision</p>
              <Decision record={message.record} />
            </section>
          )}
          <Outcome message={message} tokens={tokens} />
        </div>
        {failure !== undefined && <p>{failure}</p>}
      </details>
    </li>
  );
}

function Request({ message: { request, presented, record } }: { readonly message: Message }): VNode {
  return (
    <section>
      <p class="head">Request</p>
      {presented !== undefined && (
        <p class="hint">
          It is about <strong>{presented}</strong>.
        </p>
      )}
      {request && <Sent request={request} />}
      {!request && (
        <p class="hint">
          Sent by the service itself{record ? '. What the authorization server has noted of it:' : '.'}
        </p>
      )}
      {!request && record && <Pairs pairs={notedOf(record)} />}
    </section>
  );
}

/** What a record tells of the request that led to it. */
function notedOf({ client, targets, scopesRequested }: AuditRecord): readonly Pair[] {
  return [
    ['client', client],
    ['audience', targets.join(' ')],
    ['scope', scopesRequested?.join(' ') ?? 'none asked for'],
  ];
}

function Sent({ request }: { readonly request: SentRequest }): VNode {
  return (
    <>
      <p class="line">
        <code>
          {request.method} {request.url}
        </code>
      </p>
      <Pairs pairs={request.headers} />
      {request.form && <Pairs pairs={request.form} />}
      <details class="fold" data-copy>
        <summary>As curl</summary>
        <pre class="code" tabIndex={0}>
          {toCurl(request)}
        </pre>
      </details>
    </>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly Pair[] }): VNode | null {
  if (pairs.length === 0) return null;
  return (
    <dl class="pairs">
      {pairs.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Outcome({ message, tokens }: { readonly message: Message; readonly tokens: readonly TokenView[] }): VNode {
  const { answer } = message;
  const issued = tokens.find(({ name }) => name === message.issued);
  const before = tokens.find(({ name }) => name === message.presented);
  return (
    <section>
      <p class="head">{issued ? 'Token' : 'Answer'}</p>
      {issued && (
        <Token token={issued} before={message.to === 'auth-server' || message.to === 'partner' ? before : undefined} />
      )}
      {answer && !issued && <Answer answer={answer} />}
      {answer && issued && (
        <details class="fold">
          <summary>The whole answer</summary>
          <Answer answer={answer} />
        </details>
      )}
    </section>
  );
}

function Answer({ answer }: { readonly answer: NonNullable<Message['answer']> }): VNode {
  return (
    <>
      <p class="line">
        <span class={`status ${answer.status < 400 ? 'accepted' : 'refused'}`}>{answer.status}</span>
      </p>
      <Pairs pairs={answer.headers} />
      {answer.body !== '' && (
        <pre class="code" tabIndex={0}>
          {answer.body}
        </pre>
      )}
    </>
  );
}
