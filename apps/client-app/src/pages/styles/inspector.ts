/** The inspector: lanes, messages, decisions and tokens. */
export const INSPECTOR = `
.inspector { margin: .75rem 0 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: .9rem; overflow: hidden; }
.lanes { display: block; width: 100%; height: auto; max-width: 75rem; margin: 0 auto; padding: .5rem .75rem 0; }
.lanes text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.lanes .actor { font-weight: 650; }
.lanes .small { font-size: 11px; }
.lanes .scale, .lanes .took { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.lanes .within { fill: var(--on-accent); }
.lanes .refused .within { fill: var(--card); }
.lanes .life { stroke: var(--line); stroke-width: 1.5; stroke-dasharray: 3 4; }
.lanes .edge { stroke: var(--line-soft); }
.lanes .arrow { stroke: var(--accent); stroke-width: 2; }
.lanes .tip, .lanes .dot, .lanes .bar { fill: var(--accent); }
.lanes .number { fill: var(--on-accent); font-size: 11px; font-weight: 700; }
.lanes .what { font-size: 12px; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
.lanes .refused .arrow { stroke: var(--bad); stroke-dasharray: 6 4; }
.lanes .refused .tip, .lanes .refused .dot, .lanes .refused .bar { fill: var(--bad); }
.lanes .refused .number { fill: var(--card); }
.playing .lanes .step { opacity: .15; }
.playing .lanes .step.lit { opacity: 1; }
.playing .messages > li.lit { background: var(--soft); }
.player { display: flex; justify-content: flex-end; padding: .6rem .9rem 0; }
.messages { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.messages > li + li { border-top: 1px solid var(--line-soft); }
.message > summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; padding: .65rem .9rem; cursor: pointer; }
.message > summary:hover { background: var(--soft); }
.message > summary::before { content: "▸"; color: var(--muted); }
.message[open] > summary::before { content: "▾"; }
.message > summary::-webkit-details-marker { display: none; }
.message[open] > summary { background: var(--soft); border-bottom: 1px solid var(--line-soft); }
.count { display: inline-grid; place-items: center; min-width: 1.6rem; height: 1.6rem; color: var(--on-accent); background: var(--accent); border-radius: 1rem; font-size: .85rem; font-weight: 700; }
.message.refused .count { color: var(--card); background: var(--bad); }
.route { flex: 1 1 16rem; min-width: 0; overflow-wrap: anywhere; }
.route .what { color: var(--muted); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
.took { color: var(--muted); font-variant-numeric: tabular-nums; font-size: .9rem; }
.note { color: var(--warn); font-size: .9rem; }
.status, .word, .verdict { padding: .1rem .5rem; border-radius: .4rem; font-size: .85rem; font-weight: 650; white-space: nowrap; }
.status.accepted, .word.granted, .verdict.right.accepted, .verdict.wrong.refused, .verdict.guarded.refused, .verdict.compared.accepted { color: var(--good); background: var(--good-soft); }
.status.refused, .word.refused, .word.removed, .verdict.wrong.accepted, .verdict.guarded.accepted, .verdict.right.refused { color: var(--bad); background: var(--bad-soft); }
.verdict.compared.refused, .verdict.failed { color: var(--bad); background: var(--bad-soft); }
.word.added { color: var(--good); background: var(--good-soft); }
.word.narrowed, .word.replaced { color: var(--warn); background: var(--warn-soft); }
.word.kept { color: var(--muted); background: var(--paper); }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
.panels > section { min-width: 0; padding: 1rem; }
.panels > section + section { border-left: 1px solid var(--line-soft); }
.panels h3 { margin-top: 0; }
.panels p { margin-bottom: .6rem; }
.line code { overflow-wrap: anywhere; }
.pairs { margin: 0 0 .75rem; font-size: .92rem; }
.pairs div { padding: .3rem 0; border-top: 1px solid var(--line-soft); }
.pairs dt { color: var(--muted); overflow-wrap: anywhere; }
.pairs dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: .88rem; }
.code { max-height: 26rem; padding: .7rem .8rem; overflow: auto; background: var(--paper); border: 1px solid var(--line-soft); border-radius: .5rem; font-size: .84rem; }
.fold { margin: .5rem 0; }
.fold > summary { cursor: pointer; color: var(--accent); font-size: .92rem; }
.fold > .code { margin-top: .5rem; }
.claim-changes, .path { margin: 0 0 .75rem; padding: 0; list-style: none; }
.claim, .path li { padding: .4rem 0 .4rem .65rem; border-left: 3px solid var(--line); border-top: 1px solid var(--line-soft); }
.claim.added { border-left-color: var(--good); }
.claim.removed, .path .refused { border-left-color: var(--bad); }
.claim.narrowed, .claim.replaced, .path .narrowed { border-left-color: var(--mark-line); }
.claim-name { font: 600 .9rem/1.5 ui-monospace, monospace; }
.values { font: .86rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
.values del, .values ins { display: block; text-decoration: none; }
.values del { color: var(--bad); }
.values del::before { content: "− "; }
.added .values ins::before, .narrowed .values ins::before, .replaced .values ins::before { content: "+ "; }
.added .values ins, .narrowed .values ins, .replaced .values ins { color: var(--good); }
.kept .values { color: var(--muted); }
.sentence { margin: 0 0 .75rem; padding-left: .7rem; border-left-width: 3px; font-size: .95rem; }
.copy { margin: .4rem 0; padding: .25rem .7rem; font-size: .88rem; }
@media (max-width: 46rem) {
  .lanes { display: none; }
  .messages { border-top: 0; }
  .panels > section + section { border-left: 0; border-top: 1px solid var(--line-soft); }
}
`;
