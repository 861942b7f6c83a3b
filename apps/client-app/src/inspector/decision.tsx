import type { VNode } from '@onbehalf/html';
import type { AuditRecord, DecisionStep, Limits } from '../run/run.js';

/** What the authorization server decided, and why, as its audit trail has it. */
export function Decision({ record }: { readonly record: AuditRecord }): VNode {
  const { decision, refusal } = record;
  return (
    <div class="decision">
      <p>
        <span class={`word ${record.outcome === 'issued' ? 'granted' : 'refused'}`}>{record.outcome}</span>{' '}
        {refusal ? refusal.reason : served(record)}
      </p>
      {record.sentence !== undefined && <blockquote class="sentence">{record.sentence}</blockquote>}
      {decision && decision.edges.length > 0 && (
        <>
          <p class="head">{refusal ? 'Edge that leads there' : 'Edge that allows it'}</p>
          {decision.edges.map((edge) => (
            <p>
              <code>{edge}</code>
            </p>
          ))}
        </>
      )}
      {decision && <Path steps={decision.steps} refusal={refusal?.rule} />}
      {refusal && (
        <p class="hint">
          Rule <code>{refusal.rule}</code>, told the client as <code>{refusal.error}</code>.
        </p>
      )}
      <Record record={record} />
    </div>
  );
}

/** The rules that narrowed something, in order, and the one that refused. */
export function Path({
  steps,
  refusal,
}: {
  readonly steps: readonly DecisionStep[];
  readonly refusal?: string | undefined;
}): VNode {
  if (steps.length === 0)
    return <p class="hint">{refusal ? 'Refused before any rule narrowed it.' : 'No rule had to narrow it.'}</p>;
  return (
    <>
      <p class="head">Rules</p>
      <ol class="path">
        {steps.map(({ rule, before, after }) => (
          <li class={after ? 'narrowed' : 'refused'}>
            <code>{rule}</code>{' '}
            <span class={`word ${after ? 'narrowed' : 'refused'}`}>{after ? 'narrowed' : 'refused'}</span>
            {after && <Narrowed before={before} after={after} />}
          </li>
        ))}
      </ol>
    </>
  );
}

function Narrowed({ before, after }: { readonly before: Limits; readonly after: Limits }): VNode {
  return (
    <div class="values">
      {after.scopes && (
        <>
          <del>{before.scopes?.join(' ')}</del>
          <ins>{after.scopes.join(' ') || 'no scope'}</ins>
        </>
      )}
      {after.expiresAt !== undefined && before.expiresAt !== undefined && (
        <>
          <del>expires {clock(before.expiresAt)}</del>
          <ins>expires {clock(after.expiresAt)}</ins>
        </>
      )}
    </div>
  );
}

function Record({ record }: { readonly record: AuditRecord }): VNode {
  return (
    <details class="fold">
      <summary>Audit record</summary>
      <pre class="code" tabIndex={0}>
        {JSON.stringify(record, null, 2)}
      </pre>
      {record.receipt !== undefined && (
        <p class="hint">
          Receipt <code>{record.receipt}</code>: the hash of this record in the chain of records. A record that is
          changed later no longer fits.
        </p>
      )}
    </details>
  );
}

function served({ kind, actors, scopesGranted = [], targets }: AuditRecord): string {
  const acting = actors.length > 0 ? `, ${actors.join(' for ')} acting` : '';
  return `${kind ?? 'token'} for ${targets.join(', ')}${acting}; scopes: ${scopesGranted.join(' ') || 'none'}`;
}

export function clock(seconds: number): string {
  return Number.isFinite(seconds) && Math.abs(seconds) < 1e11
    ? `${new Date(seconds * 1000).toISOString().slice(11, 19)} UTC`
    : String(seconds);
}
