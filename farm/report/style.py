"""How a report looks: light and dark, from 320 px on, on paper too."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #f6f5f2; --card: #fff; --ink: #1d1c1a; --soft: #66625b; --line: #dedad2;
  --good: #2f7d4f; --bad: #b3362b; --look: #9a6200; --rest: #d8b365; --pace: #a9a49a;
  --back: #c98a2b; --busy: #3b6fb5; --person: #8a4fa8; --link: #245ea8; --asked: #7fa3ad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161615; --card: #201f1e; --ink: #eceae5; --soft: #a39e95; --line: #383633;
    --good: #62c088; --bad: #f2867b; --look: #e5b04c; --rest: #a8843e; --pace: #6d6962;
    --back: #d09a45; --busy: #78a6e8; --person: #c493dd; --link: #8db8f2; --asked: #6b98a5;
  }
}
* { box-sizing: border-box; margin: 0; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion) { html { scroll-behavior: auto; } }
body {
  font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 90rem; margin: 0 auto; padding: clamp(1rem, 3vw, 2.5rem);
  overflow-wrap: anywhere;
}
h1 { font-size: clamp(1.4rem, 3vw, 2rem); line-height: 1.2; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; }
h3 { font-size: .95rem; font-weight: 600; }
h2 span, h3 span, .soft, time, .where, .lane span { color: var(--soft); font-weight: normal; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px;
}
:target { outline: 3px solid var(--link); outline-offset: 2px; }
code { font: .85em ui-monospace, monospace; }
ul, ol { list-style: none; padding: 0; }
header p { margin: .4rem 0 .7rem; }
.bar { display: flex; height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; }
.is-made { background: var(--good); }
.is-look { background: var(--look); }
.is-failed { background: var(--bad); }
.is-other { background: var(--pace); }
.figures { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: 1rem 0 0; }
.figures dt { color: var(--soft); font-size: .8rem; }
.figures dd { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.notices { margin-top: 1rem; display: grid; gap: .5rem; }
.notices li {
  border-left: 4px solid var(--person); background: var(--card); padding: .6rem .8rem;
  border-radius: 6px;
}
nav ul { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin-top: 1.2rem; }
nav a { display: inline-block; padding: .2rem 0; }

.failures { columns: 21rem; column-gap: clamp(.6rem, 1.5vw, 1rem); }
.failures > li { break-inside: avoid; margin-bottom: clamp(.6rem, 1.5vw, 1rem); }
.accounts {
  display: grid; gap: clamp(.6rem, 1.5vw, 1rem); align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
}
.failures > li, .accounts > li, .cards > li, .rows > li {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .8rem .9rem; min-width: 0;
}
.failures > li { border-left: 4px solid var(--line); }
.failures > .lost { border-left-color: var(--bad); }
.failures p { margin-top: .3rem; font-size: .9rem; }
.incident { margin-top: .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
.incident p { color: var(--soft); font-size: .85rem; }
.incident img {
  display: block; max-width: 100%; max-height: 8rem; margin: .5rem 0;
  border: 1px solid var(--line); border-radius: 4px;
}
.person { color: var(--person); }
.accounts .figures { margin: .5rem 0 .7rem; gap: .4rem 1.4rem; }
.accounts .figures dd { font-size: 1rem; }
.causes li {
  display: grid; grid-template-columns: 1fr auto; gap: .1rem .8rem; font-size: .85rem;
  margin-top: .35rem;
}
.causes i { grid-column: 1 / -1; height: 4px; border-radius: 2px; min-width: 2px; }

.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .4rem; color: var(--soft); }
#timeline h3 { margin: 1.2rem 0 .5rem; }
.chart {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .4rem .9rem .5rem;
}
.lane { font-size: .85rem; font-weight: 600; margin-top: .5rem; }
.track { display: block; width: 100%; height: 48px; }
.bars { display: block; width: 100%; height: 40px; margin-top: .2rem; }
.ground { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
rect.made { fill: var(--good); }
rect.failed { fill: var(--bad); }
rect.back { fill: var(--back); }
rect.open { fill: var(--busy); }
rect.rest { fill: var(--rest); opacity: .55; }
rect.asked { fill: var(--asked); opacity: .55; }
rect.person { fill: var(--person); opacity: .55; }
rect.pace { fill: var(--pace); }
.track .made { stroke: var(--good); }
.track .failed { stroke: var(--bad); }
.track .back { stroke: var(--back); }
.track rect { stroke-width: .8px; vector-effect: non-scaling-stroke; }
.axis {
  position: relative; height: 1.5rem; border-top: 1px solid var(--line); margin-top: .3rem;
  font-size: .75rem; color: var(--soft); font-variant-numeric: tabular-nums;
}
.axis li { position: absolute; top: .3rem; transform: translateX(-50%); white-space: nowrap; }
.axis li::before {
  content: ""; position: absolute; left: 50%; top: -.3rem; height: .25rem;
  border-left: 1px solid var(--soft);
}
.axis .first { transform: none; }
.axis .first::before { left: 0; }
.axis .last { transform: translateX(-100%); }
.axis .last::before { left: 100%; }
@media (max-width: 40rem) { .axis .odd { display: none; } }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); font-size: .9rem; }
th, td {
  text-align: left; padding: .45rem .8rem; border-bottom: 1px solid var(--line);
  white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal;
}
th { font-weight: 600; }
td:nth-child(n + 4), th:nth-child(n + 4) { text-align: right; }
tfoot td { font-weight: 600; text-align: right; }
.scroll + p { margin-top: .5rem; font-size: .85rem; }

.cards {
  display: grid; gap: clamp(.6rem, 1.5vw, 1rem);
  grid-template-columns: repeat(auto-fill, minmax(min(100%, max(9.5rem, 15rem)), 1fr));
}
.cards > li { overflow: hidden; }
.picture, .gone {
  display: grid; place-items: center; aspect-ratio: 4 / 3; background: var(--line);
  margin: -.8rem -.9rem .7rem; position: relative;
}
.picture:focus-visible { outline-offset: -3px; }
.picture img { width: 100%; height: 100%; object-fit: contain; position: absolute; inset: 0; }
.gone { color: var(--soft); padding: 1rem; text-align: center; }
.rows { display: grid; gap: .5rem; }
.cards + .rows { margin-top: 1rem; }
.rows > li { border-left: 4px solid var(--line); }
.where, .said, .why { font-size: .85rem; margin-top: .15rem; }
.said { color: var(--soft); }
.failed .why b { color: var(--bad); }
.review .why b { color: var(--look); }
.rows > .failed { border-left-color: var(--bad); }
.rows > .review { border-left-color: var(--look); }
details { margin-top: .5rem; font-size: .85rem; }
summary { cursor: pointer; color: var(--soft); }
details ul, details ol, details dl, .prompt { margin-top: .4rem; }
details li { margin-top: .25rem; }
.prompt { white-space: pre-line; }
details dl div { display: grid; grid-template-columns: minmax(5rem, auto) 1fr; gap: 0 .7rem; }
details dl div { grid-template-columns: 6.5rem minmax(0, 1fr); margin-top: .15rem; }
details dt { color: var(--soft); }
.trials { list-style: decimal; padding-left: 1.6rem; }
@media (min-width: 60rem) {
  .rows > li {
    display: grid; gap: 0 1.2rem; align-items: baseline;
    grid-template-columns: minmax(0, 3fr) minmax(0, 3fr) minmax(0, 4fr) minmax(0, 6fr);
  }
  .rows details { grid-column: 1 / -1; }
}
@media print {
  body { padding: 0; }
  nav { display: none; }
  .cards > li, .failures > li, .accounts > li, .chart { break-inside: avoid; }
}
"""
