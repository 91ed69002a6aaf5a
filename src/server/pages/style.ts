/** The style of the pages: one column to read, a table where there is a table, light or dark as the reader has it. */
export const STYLE = `:root {
  --ground: #fbfbfc; --panel: #ffffff; --ink: #1b1d22; --quiet: #545b66; --line: #d9dde3;
  --accent: #3b48c9; --get: #17663a; --post: #8a4b00; --put: #5b3cc4; --delete: #a3202c; --code: #eef0f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14161a; --panel: #1b1e24; --ink: #e8eaee; --quiet: #a5acb8; --line: #343a44;
    --accent: #9aa5ff; --get: #6ed69a; --post: #f0b266; --put: #b9a3ff; --delete: #ff8e97; --code: #262a32;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); background: var(--panel); }
header nav a { display: inline-block; padding: .25rem .5rem; }
.brand { font-weight: 700; font-size: 1.15rem; color: var(--ink); text-decoration: none; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 1rem 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 0; font-weight: 600; }
p { max-width: 46rem; }
.quiet { color: var(--quiet); }
code, pre { font: .9em/1.5 ui-monospace, monospace; background: var(--code); border-radius: 4px; }
code { padding: .1em .3em; overflow-wrap: anywhere; }
pre { padding: .75rem 1rem; overflow-x: auto; }
pre code { padding: 0; background: none; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
.scroll { overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--quiet); font-size: .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; padding: 0; margin: 1rem 0; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; }
.cards strong { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
details { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: 0 1rem; }
details[open] { padding-bottom: .75rem; }
summary { cursor: pointer; padding: .6rem 0; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
summary .path { font-family: ui-monospace, monospace; font-size: .92rem; overflow-wrap: anywhere; }
.method { font: 700 .8rem/1.4 ui-monospace, monospace; min-width: 4.2rem; }
.GET { color: var(--get); } .POST { color: var(--post); } .PUT { color: var(--put); } .DELETE { color: var(--delete); }
`;
