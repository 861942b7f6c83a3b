import type { VNode } from '@onbehalf/html';
import type { TokenView } from '../run/run.js';
import { show, Time } from './json.js';
import { diffClaims, OWN, type ClaimChange } from './token-diff.js';

/** A token, and how it differs from the one that it was made from. */
export function Token({ token, before }: { readonly token: TokenView; readonly before: TokenView | undefined }): VNode {
  const own = Object.entries(token.claims).filter(([name]) => OWN.includes(name));
  return (
    <div class="token">
      <p class="hint">
        <strong>{token.name}</strong>
        {before && ` beside ${before.name}, from which it was made`}
      </p>
      <ul class="claim-changes">
        {before
          ? diffClaims(before.claims, token.claims).map((change) => <Changed {...change} />)
          : diffClaims(token.claims, token.claims).map(({ name, after }) => <Claim name={name} value={after} />)}
      </ul>
      <details class="fold">
        <summary>Times and id</summary>
        <ul class="claim-changes">
          {own.map(([name, value]) => (
            <Claim name={name} value={value} />
          ))}
        </ul>
      </details>
      <details class="fold">
        <summary>Header and claims</summary>
        {Object.keys(token.header).length > 0 && (
          <pre class="code" tabIndex={0}>
            {JSON.stringify(token.header, null, 2)}
          </pre>
        )}
        <pre class="code" tabIndex={0}>
          {JSON.stringify(token.claims, null, 2)}
        </pre>
        <p class="hint">The signature is cut: without it this opens nothing.</p>
      </details>
    </div>
  );
}

function Changed({ name, change, before, after }: ClaimChange): VNode {
  return (
    <li class={`claim ${change}`} data-claim={name}>
      <span class="claim-name">{name}</span> <span class={`word ${change}`}>{change}</span>
      <div class="values">
        {change !== 'kept' && before !== undefined && <del>{show(before)}</del>}
        {after !== undefined && <ins>{show(after)}</ins>}
      </div>
    </li>
  );
}

function Claim({ name, value }: { readonly name: string; readonly value: unknown }): VNode {
  return (
    <li class="claim" data-claim={name}>
      <span class="claim-name">{name}</span>
      <div class="values">
        <ins>{show(value)}</ins>
        <Time name={name} value={value} />
      </div>
    </li>
  );
}
