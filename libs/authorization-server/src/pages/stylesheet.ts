/** The one stylesheet of the pages. */
export const STYLESHEET = `
:root { color-scheme: light dark; --ink: #1c2430; --muted: #566173; --paper: #f5f6f8; --card: #fff; --line: #c6ccd6; --accent: #1f5fbf; --on-accent: #fff; --bad: #a4161a; --bad-paper: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --muted: #a6b0c0; --paper: #12161d; --card: #1b212b; --line: #3d4757; --accent: #7fb0ff; --on-accent: #0d1420; --bad: #ffb3b3; --bad-paper: #3a1d20; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 24rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.25rem; color: var(--muted); overflow-wrap: anywhere; }
ul { margin: 0 0 1.25rem; padding-left: 1.25rem; overflow-wrap: anywhere; }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input { width: 100%; margin-bottom: 1rem; padding: .625rem .75rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
button, .button { display: block; width: 100%; text-align: center; text-decoration: none; padding: .7rem 1rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem; cursor: pointer; }
button + button { margin-top: .75rem; color: var(--ink); background: transparent; border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.error { margin-bottom: 1rem; padding: .625rem .75rem; color: var(--bad); background: var(--bad-paper); border-radius: .5rem; }
code { font-size: .95em; }
`;
