"""How the page looks, in Gradio's own colours, by day and by night."""

from typing import Final

STYLE: Final = """
.gradio-container { max-width: 70rem !important; margin: 0 auto !important;
  --sure: #0072b2; --doubtful: #b35900; }
.dark .gradio-container, .gradio-container.dark { --sure: #56b4e9;
  --doubtful: #e69f00; }
.prose, .prose * { overflow-wrap: anywhere; }
.card { contain: inline-size; }
.card table { display: block; overflow-x: auto; border: 0; }
.card table, .card table * { overflow-wrap: normal; word-break: normal; }
.card td { white-space: nowrap; }
.card td:first-child { white-space: normal; min-width: 5.5rem; }
.block.notice { border-left: 4px solid var(--doubtful); padding: .25rem 1rem; }
.answer .marked { width: 100%; max-height: 75vh; object-fit: contain;
  border-radius: 6px; display: block; }
.count { color: var(--body-text-color); margin: .5rem 0; }
.panels { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.panel { display: grid; grid-template-columns: 4.5rem 1fr; gap: .5rem .75rem;
  align-items: start; align-content: start; padding: .75rem; min-width: 0;
  border: 1px solid var(--border-color-primary); border-radius: 6px;
  color: var(--body-text-color); --ink: var(--sure); }
.panel.unsure { --ink: var(--doubtful); border-color: var(--doubtful); }
.panel .portrait { width: 4.5rem; height: 4.5rem; object-fit: cover;
  border-radius: 4px; }
.panel h3 { margin: 0; font-size: 1.05rem; line-height: 1.3; font-weight: 600; }
.panel p { margin: .15rem 0 0; font-size: .9rem; line-height: 1.35; }
.panel .plot, .panel .gender, .panel .scale { grid-column: 1 / -1; }
.panel .plot { width: 100%; height: auto; display: block; }
.plot .likely { fill: var(--ink); opacity: .16; }
.plot .chances { fill: var(--ink); opacity: .75; }
.plot .told { stroke: var(--body-text-color); stroke-width: 2; fill: none; }
.plot .axis { stroke: var(--body-text-color); fill: none; }
.plot text { font-size: 12px; text-anchor: middle; fill: var(--body-text-color); }
.plot .tick { opacity: .75; }
.scale { display: grid; grid-template-columns: auto 1fr auto; gap: .5rem;
  align-items: center; font-size: .85rem; color: var(--body-text-color); }
.track { position: relative; height: .5rem; border-radius: .25rem;
  background: var(--border-color-primary); }
.mark { position: absolute; top: -.2rem; width: .9rem; height: .9rem;
  margin-left: -.45rem; border-radius: 50%; background: var(--ink); }
.complaint { border: 1px solid var(--doubtful); border-radius: 6px;
  padding: .75rem 1rem; color: var(--body-text-color); overflow-wrap: anywhere; }
.samples { display: grid; gap: .5rem;
  grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); }
.samples button { padding: 0; border: 2px solid transparent; border-radius: 6px;
  background: none; cursor: pointer; line-height: 0; }
.samples button:hover, .samples button:focus-visible { border-color: var(--sure); }
.samples img { width: 100%; border-radius: 4px; }
"""
