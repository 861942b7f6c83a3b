import { html, type Html } from '@onbehalf/html';
import { layout } from '../pages/layout.js';
import type { Login } from '../session/session-data.js';
import { compareClaims, type ComparedClaim } from './claims-comparison.js';
import type { Hop, MessageAnswer } from './message.js';

/** Characters of JSON that fit on one line. */
const SHORT = 16;
const DATES = ['iat', 'exp', 'nbf', 'auth_time'];

/** The message, and below it the tokens that it took, as the services that accepted them report them. */
export function messagePage(login: Login, { message, hops }: MessageAnswer): string {
  const content = html` <section class="card">
      <h1>Your message</h1>
      <blockquote>${message}</blockquote>
      <p class="hint">Fetched for ${login.subject} by ${hops.length} calls, each with a token of its own.</p>
    </section>
    <section aria-labelledby="tokens">
      <h2 id="tokens">The tokens behind it</h2>
      <p>
        Each service reports the claims of the token that it accepted. The subject stays the same all the way; the
        audience, the scope and the actor are made for each hop.
      </p>
      <ol class="hops">
        ${hops.map(hopItem)}
      </ol>
      ${claimsTable(hops)}
    </section>
    <p class="back"><a href="/">Back to the start page</a></p>`;
  return layout({ title: 'Your message', content, user: login.subject });
}

function tokenName(index: number): string {
  return `Token ${String.fromCharCode('A'.charCodeAt(0) + index)}`;
}

function hopItem({ service, claims }: Hop, index: number): Html {
  return html`<li>
    <strong>${tokenName(index)}</strong> <code>${show(claims['client_id'])}</code> calls <code>${service}</code>
  </li>`;
}

function claimsTable(hops: readonly Hop[]): Html {
  const columns = hops.map(
    ({ service }, i) =>
      html`<th scope="col" role="columnheader">${tokenName(i)} <small>as ${service} saw it</small></th>`,
  );
  return html`<p class="hint" id="legend">
      Decoded claims. What is other than in the token before is <mark>marked</mark>.
    </p>
    <table class="claims" role="table" aria-describedby="legend">
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader" class="name">Claim</th>
          ${columns}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${compareClaims(hops).map(claimRow)}
      </tbody>
    </table>`;
}

function claimRow(claim: ComparedClaim): Html {
  const kind = claim.changed.includes(true) ? 'differs' : 'same';
  const cells = claim.values.map((value, i) => {
    const changed = claim.changed[i] ? html`<span class="unseen">(changed)</span>` : undefined;
    const content = claim.changed[i] ? html`<mark>${show(value)}</mark>` : show(value);
    return html`<td role="cell">
      <span class="label" aria-hidden="true">${tokenName(i)}</span>
      <div>
        <pre>${content}</pre>
        ${changed} ${time(claim.name, value)}
      </div>
    </td>`;
  });
  return html`<tr role="row" class="${kind}" data-claim="${claim.name}">
    <th scope="row" role="rowheader">${claim.name}</th>
    ${cells}
  </tr>`;
}

function show(value: unknown): Html | string {
  if (value === undefined) return html`<span class="absent">none</span>`;
  if (typeof value === 'string') return value;
  const short = JSON.stringify(value);
  return short.length <= SHORT ? short : JSON.stringify(value, null, 2);
}

function time(name: string, value: unknown): Html | undefined {
  if (!DATES.includes(name) || typeof value !== 'number' || Math.abs(value) > 1e11) return undefined;
  const iso = new Date(value * 1000).toISOString();
  return html`<time class="time" datetime="${iso}">${iso.replace('T', ' ').replace('.000Z', ' UTC')}</time>`;
}
