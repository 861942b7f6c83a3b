import type { VNode } from '@onbehalf/html';
import { clock, Path } from '../inspector/decision.js';
import { Token } from '../inspector/token.js';
import { CsrfField } from '../pages/csrf-field.js';
import { layout } from '../pages/layout.js';
import type { Visitor } from '../session/visitor.js';
import { claimsOf, type Evaluation, type Question, type UsedClients } from './evaluation.js';

export const EVALUATE_PATH = '/lab/evaluate';

/** What one client would get for one target. */
export interface Cell {
  readonly client: string;
  readonly audience: string;
  readonly answer?: Evaluation;
  readonly refused?: string;
}

export interface EvaluatePage {
  readonly visitor: Visitor;
  readonly clients: UsedClients;
  readonly question?: Question;
  readonly answer?: Evaluation;
  /** Why the question could not be asked. */
  readonly refused?: string;
  readonly matrix?: { readonly targets: readonly string[]; readonly cells: readonly Cell[] };
}

/** A question to the engine, and what it answers; nothing is issued. */
export function evaluatePage({ visitor, clients, question, answer, refused, matrix }: EvaluatePage): string {
  const content = (
    <>
      <h1>Evaluate</h1>
      <p>
        What would a client get for you? The authorization server runs its rules on a token of this session, for any
        client that has acted for you, and issues nothing.
      </p>
      {clients.length === 0 ? (
        <p class="card">
          No client has acted for you yet. <a href="/api/user/message">Read your message</a>, and come back.
        </p>
      ) : (
        <>
          <QuestionForm visitor={visitor} clients={clients} question={question} />
          <form class="run" method="post" action={`${EVALUATE_PATH}/reach`}>
            <CsrfField visitor={visitor} />
            <button type="submit" class="quiet">
              Show all of them as a matrix
            </button>
          </form>
        </>
      )}
      {refused !== undefined && (
        <p class="told" role="status">
          The question cannot be asked: {refused}.
        </p>
      )}
      {answer && question && <Result answer={answer} client={question.client} />}
      {matrix && <Matrix {...matrix} />}
    </>
  );
  return layout({ title: 'Evaluate', content, visitor, path: EVALUATE_PATH });
}

interface FormProps {
  readonly visitor: Visitor;
  readonly clients: UsedClients;
  readonly question: Question | undefined;
}

function QuestionForm({ visitor, clients, question }: FormProps): VNode {
  const targets = [...new Set(clients.flatMap((each) => each.targets))];
  return (
    <form class="card run" method="post" action={EVALUATE_PATH}>
      <CsrfField visitor={visitor} />
      <div class="field">
        <label for="client">Client</label>
        <select id="client" name="client">
          {clients.map(({ client_id: id }) => (
            <option value={id} selected={id === question?.client}>
              {id}
            </option>
          ))}
        </select>
      </div>
      <TextField name="audience" label="Target" value={question?.audience ?? targets[0]} options={targets} />
      <TextField name="scope" label="Scope (empty: all)" value={question?.scope} />
      <div class="field check">
        <input id="steps" type="checkbox" name="steps" value="all" checked={question?.isWhole === true} />
        <label for="steps">also rules that changed nothing</label>
      </div>
      <button type="submit">Evaluate</button>
    </form>
  );
}

interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  /** Offered while something else can be typed. */
  readonly options?: readonly string[];
}

function TextField({ name, label, value = '', options }: TextFieldProps): VNode {
  const list = options && `${name}-options`;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input id={name} name={name} list={list} value={value} maxLength={200} autocomplete="off" spellcheck={false} />
      {options && (
        <datalist id={list}>
          {options.map((option) => (
            <option value={option} />
          ))}
        </datalist>
      )}
    </div>
  );
}

function Result({ answer, client }: { readonly answer: Evaluation; readonly client: string }): VNode {
  const isPermitted = answer.outcome === 'permitted';
  const token = { name: 'The token', placeholder: '', header: {}, claims: claimsOf(answer, client) };
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">
        It would be <span class={`word ${isPermitted ? 'granted' : 'refused'}`}>{answer.outcome}</span>
      </h2>
      <div class="inspector panels">
        <section>
          <h3>The path of rules</h3>
          {answer.edges.map((edge) => (
            <p>
              Edge <code>{edge}</code>
            </p>
          ))}
          <Path steps={answer.steps} refusal={answer.refusal?.rule} />
        </section>
        <section>
          <h3>{isPermitted ? 'The token that would come out' : 'Why not'}</h3>
          {isPermitted && <Token token={token} before={undefined} />}
          {answer.refusal && (
            <>
              <p>{answer.refusal.reason}</p>
              <p class="hint">
                Rule <code>{answer.refusal.rule}</code>. The client would be told <code>{answer.refusal.error}</code>:{' '}
                {answer.refusal.description}
              </p>
            </>
          )}
        </section>
      </div>
    </section>
  );
}

function Matrix({ targets, cells }: NonNullable<EvaluatePage['matrix']>): VNode {
  const clients = [...new Set(cells.map(({ client }) => client))];
  return (
    <section aria-labelledby="reach">
      <h2 id="reach">Who gets where, for you</h2>
      <p class="hint">
        Each cell is a question of its own to the engine, on your own tokens: the scopes, and as whom you are served.
      </p>
      <table class="patterns" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              Client
            </th>
            {targets.map((target) => (
              <th scope="col" role="columnheader">
                {target}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {clients.map((client) => (
            <tr role="row">
              <th scope="row" role="rowheader">
                {client}
              </th>
              {targets.map((target) => (
                <td role="cell" data-label={target}>
                  <Reached cell={cells.find((each) => each.client === client && each.audience === target)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Reached({ cell }: { readonly cell: Cell | undefined }): VNode {
  const { answer } = cell ?? {};
  if (!answer) return <span class="hint">{cell?.refused ?? 'no edge'}</span>;
  if (!answer.granted) {
    return (
      <>
        <span class="no">refused</span> <code>{answer.refusal?.rule}</code>
      </>
    );
  }
  const actors = answer.actors.map(({ sub }) => sub);
  return (
    <>
      <span class="yes">{answer.granted.scopes.join(' ')}</span> as {answer.subject}
      {actors.length > 0 ? `, ${actors.join(' for ')} acting` : ', nobody acting'}, until{' '}
      {clock(answer.granted.expiresAt)}
    </>
  );
}
