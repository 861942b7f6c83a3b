import type { Colors, Theme } from './brand/colors.js';

/** The one stylesheet of the pages. */
export function stylesheet({ light, dark }: Colors): string {
  return `
:root { color-scheme: light dark; ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.logo { display: block; max-width: 100%; max-height: 3rem; margin: 0 0 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
p { margin: 0 0 1.25rem; color: var(--muted); overflow-wrap: anywhere; }
p:last-child { margin-bottom: 0; }
form + p { margin-top: 1.25rem; }
strong { color: var(--ink); }
a:not(.button) { color: var(--accent); }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--field); border-radius: .5rem; }
button, .button { display: block; width: 100%; text-align: center; text-decoration: none; padding: .7rem 1rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem; cursor: pointer; overflow-wrap: anywhere; }
button + button { margin-top: .75rem; }
button + button, .quiet { color: var(--ink); background: transparent; border-color: var(--field); }
button:hover, .button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.error, .notice { margin-bottom: 1.25rem; padding: .625rem .75rem; border-radius: .5rem; }
.error { color: var(--bad); background: var(--bad-paper); }
.notice { color: var(--ink); border: 1px solid var(--line); background: var(--paper); }
.scopes { margin: 0 0 1.25rem; padding: 0; list-style: none; overflow-wrap: anywhere; }
.scopes li { position: relative; padding: .35rem 0; padding-inline-start: 1.6rem; }
.scopes li::before { content: ''; position: absolute; inset-inline-start: .2rem; top: .72rem; width: .75rem; height: .4rem; border: solid var(--accent); border-width: 0 0 .16rem .16rem; transform: rotate(-45deg); }
.scopes small, .since { color: var(--muted); font-size: .9rem; }
.scopes small { display: block; }
.clients { margin: 0; padding: 0; list-style: none; }
.clients > li { padding: 1.25rem 0; border-top: 1px solid var(--line); }
.clients > li:last-child { padding-bottom: 0; }
.clients h2 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
.since { margin: 0 0 .5rem; }
.clients .scopes { margin-bottom: .75rem; }
code { font-size: .95em; overflow-wrap: anywhere; }
@media (max-width: 24rem) { body { padding: .75rem; } main { padding: 1.25rem; } }
@media (forced-colors: active) { button, .button { border-color: ButtonText; } }
`;
}

function variables(theme: Theme): string {
  return Object.entries(theme)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(' ');
}
