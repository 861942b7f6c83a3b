/** The lab: its cards, results and tables. */
export const LAB = `
.crumb { margin-bottom: .6rem; font-size: .95rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.cards.next { grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }
.cards .card { display: flex; flex-direction: column; padding: 1.25rem; }
.choices { margin: 1.25rem 0; padding: 0; list-style: none; }
.choices > .choice { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.3fr) 13rem; gap: .5rem 1.5rem; align-items: center; padding: 1rem 1.25rem;
  background: var(--card); border: 1px solid var(--line); }
.choices > .choice:first-child { border-radius: .9rem .9rem 0 0; }
.choices > .choice:last-child { border-radius: 0 0 .9rem .9rem; }
.choices > .choice + .choice { border-top: 0; }
.choices > .choice p { margin: 0; }
.question { font-size: 1.05rem; }
.answer { color: var(--accent); font-weight: 650; }
.guides { color: var(--muted); font-size: .92rem; }
.links { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; }
.links .button { padding: .35rem .8rem; }
.not { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1rem 2rem; margin: 0; }
.not dt { font-weight: 650; }
.not dd { margin: .2rem 0 0; color: var(--muted); }
.told { padding: .7rem 1rem; color: var(--good); background: var(--good-soft); border-radius: .6rem; }
.activity { display: grid; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.activity .card { padding: .9rem 1.1rem; }
.line-head { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: center; justify-content: space-between; }
.line-head p { margin: 0; }
.line-head time { color: var(--muted); font-size: .92rem; }
.stop { padding: .3rem .8rem; color: var(--bad); background: transparent; border-color: var(--bad); }
.field.check { display: flex; gap: .5rem; align-items: center; padding-block: .5rem; }
.run.again, .card + .run { margin-top: .75rem; }
.cards h2, .cards h3 { margin: 0 0 .4rem; font-size: 1.12rem; }
.cards .run { margin-top: auto; }
.card.reached { border-color: var(--accent); }
.run { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 0; }
.field { display: grid; gap: .2rem; min-width: 0; flex: 0 1 auto; }
.field label { font-size: .92rem; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0 1.5rem; }
.side { padding: 1rem 1.15rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--line); border-radius: .7rem; min-width: 0; }
.side.wrong { border-top-color: var(--bad); }
.side.right, .side.guarded { border-top-color: var(--good); }
.side p { margin-bottom: .6rem; }
.side-title { font-weight: 650; }
.track > h3 { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
.scroll { overflow-x: auto; }
.patterns { width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card); border: 1px solid var(--line); border-radius: .9rem; overflow: hidden; }
.patterns th, .patterns td { padding: .6rem .8rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line-soft); }
.patterns thead th { background: var(--soft); border-top: 0; }
.yes { color: var(--good); font-weight: 650; }
.no { color: var(--bad); font-weight: 650; }
.hero { padding: clamp(1rem, 4vw, 2.5rem) 0 1.25rem; }
.hero h1 { font-size: clamp(1.9rem, 1.3rem + 2.8vw, 3.1rem); letter-spacing: -.015em; }
.lead { max-width: 54rem; font-size: clamp(1.05rem, 1rem + .4vw, 1.25rem); }
.try { display: flex; flex-wrap: wrap; gap: .6rem 1.1rem; align-items: center; }
.picture { margin: .5rem 0 0; }
.picture ol { margin: .5rem 0 0; padding-left: 1.3rem; columns: 24rem 2; column-gap: 2.5rem; }
.picture li { margin-bottom: .4rem; break-inside: avoid; }
.diagram { display: block; width: 100%; max-width: 66rem; height: auto; margin: 0 auto; }
.diagram rect { fill: var(--soft); stroke: var(--accent); stroke-width: 1.5; }
.diagram .server rect { fill: var(--accent); }
.diagram text { font: 600 15px system-ui, sans-serif; fill: var(--ink); }
.diagram .server text { fill: var(--on-accent); }
.diagram .arrow { fill: none; stroke: var(--accent); stroke-width: 2.5; }
.diagram .tip { fill: var(--accent); }
.diagram .caption { font: 13px system-ui, sans-serif; fill: var(--muted); }
.diagram .step { font: 700 15px ui-monospace, monospace; fill: var(--accent); }
.diagram .claims-of text { font: 13px ui-monospace, monospace; fill: var(--muted); }
.diagram .claims-of .act { fill: var(--good); font-weight: 700; }
.next h3 { margin: 0 0 .3rem; }
.next p { margin: 0; }
@media (max-width: 46rem) {
  .choices > .choice { grid-template-columns: minmax(0, 1fr); }
  .links { justify-content: flex-start; }
  .diagram { display: none; }
  .patterns, .patterns tbody, .patterns tr, .patterns th, .patterns td { display: block; }
  .patterns thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .patterns tr { padding: .5rem 0; }
  .patterns tr + tr { border-top: 1px solid var(--line); }
  .patterns th { border-top: 0; }
  .patterns td { border: 0; padding-block: .2rem; }
  .patterns td::before { content: attr(data-label) ": "; color: var(--muted); }
}
`;
