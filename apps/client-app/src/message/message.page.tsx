import type { VNode } from '@onbehalf/html';
import { layout } from '../pages/layout.js';
import { Inspector, type InspectorProps } from '../inspector/inspector.js';
import type { Visitor } from '../session/visitor.js';
import { compareClaims, type ComparedClaim } from './claims-comparison.js';
import type { Hop, MessageAnswer } from './message.js';

/** Characters of JSON that fit on one line. */
const SHORT = 16;
const DATES = ['iat', 'exp', 'nbf', 'auth_time'];

/** The message, and below it the tokens that it took, as the services that accepted them report them. */
export function messagePage(visitor: Visitor, { message, hops }: MessageAnswer, flow: InspectorProps): string {
  const content = (
    <>
      <section class="card">
        <h1>Your message</h1>
        <blockquote>{message}</blockquote>
        <p class="hint">
          Fetched for {visitor.user} by {hops.length} calls, each with a token of its own.
        </p>
      </section>
      <section aria-labelledby="flow">
        <h2 id="flow">The flow of this request</h2>
        <p>
          Each service has measured its own calls. Open a line to see the request, why the authorization server granted
          it, and the token beside the one before.
        </p>
        <Inspector {...flow} />
      </section>
      <Tokens hops={hops} />
      <p class="back">
        <a href="/">Back to the start page</a>
      </p>
    </>
  );
  return layout({
    title: 'Your message',
    content,
    visitor,
    isPlayable: true,
    path: '/api/user/message',
  });
}

function Tokens({ hops }: { readonly hops: readonly Hop[] }): VNode {
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">The tokens behind it</h2>
      <p>
        Each service reports the claims of the token that it accepted. The subject stays the same all the way; the
        audience, the scope and the actor are made for each hop.
      </p>
      <ol class="hops">
        {hops.map((hop, index) => (
          <HopItem {...hop} index={index} />
        ))}
      </ol>
      <ClaimsTable hops={hops} />
    </section>
  );
}

function tokenName(index: number): string {
  return `Token ${String.fromCharCode('A'.charCodeAt(0) + index)}`;
}

function HopItem({ service, claims, index }: Hop & { readonly index: number }): VNode {
  return (
    <li>
      <strong>{tokenName(index)}</strong> <code>{show(claims['client_id'] ?? claims['azp'])}</code> calls{' '}
      <code>{service}</code>
    </li>
  );
}

function ClaimsTable({ hops }: { readonly hops: readonly Hop[] }): VNode {
  return (
    <>
      <p class="hint" id="legend">
        Decoded claims. What is other than in the token before is <mark>marked</mark>.
      </p>
      <table class="claims" role="table" aria-describedby="legend">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader" class="name">
              Claim
            </th>
            {hops.map(({ service }, index) => (
              <th scope="col" role="columnheader">
                {tokenName(index)} <small>{`as ${service} saw it`}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {compareClaims(hops).map((claim) => (
            <ClaimRow {...claim} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function ClaimRow({ name, values, changed }: ComparedClaim): VNode {
  return (
    <tr role="row" class={changed.includes(true) ? 'differs' : 'same'} data-claim={name}>
      <th scope="row" role="rowheader">
        {name}
      </th>
      {values.map((value, index) => (
        <td role="cell">
          <span class="label" aria-hidden="true">
            {tokenName(index)}
          </span>
          <div>
            <pre>{changed[index] ? <mark>{show(value)}</mark> : show(value)}</pre>
            {changed[index] && <span class="unseen">(changed)</span>} <Time name={name} value={value} />
          </div>
        </td>
      ))}
    </tr>
  );
}

function show(value: unknown): VNode | string {
  if (value === undefined) return <span class="absent">none</span>;
  if (typeof value === 'string') return value;
  const short = JSON.stringify(value);
  return short.length <= SHORT ? short : JSON.stringify(value, null, 2);
}

function Time({ name, value }: { readonly name: string; readonly value: unknown }): VNode | null {
  if (!DATES.includes(name) || typeof value !== 'number' || Math.abs(value) > 1e11) return null;
  const iso = new Date(value * 1000).toISOString();
  return (
    <time class="time" dateTime={iso}>
      {iso.replace('T', ' ').replace('.000Z', ' UTC')}
    </time>
  );
}
