/** Colours, type, and what every page has. */
export const BASE = `
:root {
  color-scheme: light dark;
  --ink: #1b2330; --muted: #525d6e; --paper: #f4f6f9; --card: #fff; --line: #cbd2dc; --line-soft: #e3e7ed;
  --accent: #1f5fbf; --on-accent: #fff; --soft: #e8eff9; --mark: #fff0bf; --mark-line: #b98900;
  --good: #136339; --good-soft: #e2f4e9; --bad: #a1151c; --bad-soft: #fdeaea; --warn: #7a4b00; --warn-soft: #fdf1d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8ebf0; --muted: #a9b3c2; --paper: #10141b; --card: #191f29; --line: #3d4757; --line-soft: #2a3240;
    --accent: #86b5ff; --on-accent: #0d1420; --soft: #1c2940; --mark: #3d3310; --mark-line: #d6a419;
    --good: #86dca9; --good-soft: #143022; --bad: #ffb1b1; --bad-soft: #3b1a1d; --warn: #f0c674; --warn-soft: #362a10;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .75rem; padding: .5rem .75rem; background: var(--card); color: var(--accent); }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center;
  padding: .8rem max(clamp(1rem, 4vw, 2rem), calc((100% - 80rem) / 2 + 2rem));
  background: var(--card); border-bottom: 1px solid var(--line); }
nav { display: flex; flex: 1 1 auto; flex-wrap: wrap; gap: .15rem .35rem; }
nav a { padding: .35rem .6rem; color: var(--muted); border-radius: .45rem; text-decoration: none; }
nav a:hover { color: var(--ink); background: var(--soft); }
nav a[aria-current] { color: var(--accent); background: var(--soft); font-weight: 600; }
footer { max-width: 80rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2rem) 2.5rem; color: var(--muted); font-size: .9rem; }
.brand { display: inline-flex; gap: .6rem; align-items: center; color: inherit; font-weight: 650; text-decoration: none; }
.brand img { display: block; }
.account { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 0; color: var(--muted); }
.account strong { color: var(--ink); }
main { max-width: 80rem; margin: 0 auto; padding: 1.75rem clamp(1rem, 4vw, 2rem) 2rem; }
h1 { margin: 0 0 .75rem; font-size: clamp(1.5rem, 1.2rem + 1.5vw, 2.1rem); line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.35rem; line-height: 1.3; }
h3 { margin: 1.75rem 0 .4rem; font-size: 1.12rem; line-height: 1.35; }
.head { margin: 0 0 .5rem; font-weight: 650; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--muted); }
p + .head, .path + .head { margin-top: .9rem; }
p { margin: 0 0 1rem; max-width: 46rem; overflow-wrap: anywhere; }
input, select { max-width: 100%; padding: .5rem .65rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--muted); border-radius: .5rem; }
input:not([type=checkbox], [type=radio]), select { min-height: 2.7rem; }
label { font-weight: 600; }
form p > label:first-child { display: block; margin-bottom: .2rem; font-size: .92rem; }
a { color: var(--accent); }
.hint { color: var(--muted); }
.card { padding: clamp(1.25rem, 4vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: .9rem; }
.card > :last-child { margin-bottom: 0; }
.narrow { max-width: 44rem; margin: 6vh auto 0; }
button, .button { display: inline-block; padding: .65rem 1.1rem; font: inherit; font-weight: 600; text-decoration: none;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .55rem; cursor: pointer; }
button.quiet, .button.quiet { padding: .35rem .8rem; color: var(--ink); background: transparent; border-color: var(--line); }
button:hover, .button:hover { filter: brightness(1.08); }
blockquote { margin: 0 0 1rem; padding-left: 1.1rem; border-left: 4px solid var(--accent);
  font-size: clamp(1.15rem, 1rem + .8vw, 1.45rem); line-height: 1.4; overflow-wrap: anywhere; white-space: pre-line; }
.hops { display: flex; flex-wrap: wrap; gap: .75rem 2.4rem; margin: 1rem 0 1.5rem; padding: 0; list-style: none; }
.hops li { position: relative; flex: 1 1 13rem; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; }
.hops li + li::before { content: "→"; position: absolute; left: -1.85rem; top: 50%; translate: 0 -50%; color: var(--muted); font-size: 1.3rem; }
.hops strong { display: block; color: var(--accent); }
.claims { width: 100%; table-layout: fixed; border-collapse: separate; border-spacing: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: .9rem; overflow: hidden; }
.claims th, .claims td { padding: .6rem .9rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.claims tbody th, .claims tbody td { border-top: 1px solid var(--line); }
.claims thead th { background: var(--soft); font-weight: 600; }
.claims thead small { display: block; color: var(--muted); font-weight: 400; }
.claims .name { width: 8.5rem; }
.claims tbody th { font: 600 .9rem/1.6 ui-monospace, monospace; }
.claims .differs th { box-shadow: inset 4px 0 var(--mark-line); }
code, pre { font: .9rem/1.6 ui-monospace, monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre mark { margin-left: -.3rem; }
mark { padding: .1rem .3rem; color: inherit; background: var(--mark); border-radius: .3rem; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.time { display: block; color: var(--muted); font-size: .85rem; }
.absent { color: var(--muted); }
.label { display: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.back { margin-top: 1.5rem; }
@media (max-width: 46rem) {
  .hops { flex-direction: column; gap: 2.2rem; }
  .hops li { flex: none; }
  .hops li + li::before { content: "↓"; left: 1rem; top: -1.1rem; }
  .claims, .claims tbody, .claims tr, .claims th, .claims td { display: block; }
  .claims { background: none; border: 0; border-radius: 0; }
  .claims thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .claims tbody tr { margin-bottom: .75rem; background: var(--card); border: 1px solid var(--line); border-radius: .7rem; overflow: hidden; }
  .claims tbody th { border-top: 0; background: var(--soft); }
  .claims td { display: grid; grid-template-columns: 4.5rem 1fr; gap: 0 .75rem; padding-block: .4rem; }
  .claims .label { display: block; color: var(--muted); font-size: .85rem; line-height: 1.7; }
}
@media (prefers-reduced-motion: no-preference) { button, .button { transition: filter .15s; } }
`;
