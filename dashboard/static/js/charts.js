// Draws figures the server describes, in the colours of the theme.
import { $, $$, changedUrl, onContent, visit } from "./dom.js";

const drawn = new Set();
const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isLocal = () => localStorage.getItem("zone") === "local";
const colour = (name) => (/^(series|level)-/.test(name ?? "") ? variable(name) : name);

// Plotly knows no zones: a local axis is given local times as if they were UTC.
const minutesEast = (date) => (isLocal() ? -date.getTimezoneOffset() : 0);
const toAxis = (iso) => {
  const date = new Date(iso);
  return new Date(date.getTime() + minutesEast(date) * 60_000).toISOString().replace("Z", "");
};
function fromAxis(text) {
  const date = new Date(`${String(text).replace(" ", "T")}Z`);
  return new Date(date.getTime() - minutesEast(date) * 60_000);
}

function themed(figure) {
  const line = variable("line");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, tickcolor: line, automargin: false };
  const layout = structuredClone(figure.layout);
  layout.xaxis = { ...axis, ...layout.xaxis, range: layout.xaxis.range?.map(toAxis) };
  layout.yaxis = { ...axis, ...layout.yaxis };
  const data = figure.data.map((trace) => ({
    ...trace, x: trace.x.map(toAxis), marker: { ...trace.marker, color: colour(trace.marker.color) },
  }));
  return {
    data,
    layout: {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: variable("sans"), size: 11, color: variable("muted") },
      hoverlabel: { bgcolor: variable("raised"), bordercolor: line, font: { color: variable("text") } },
      newselection: { line: { color: variable("accent"), width: 1 } },
      activeselection: { fillcolor: variable("accent"), opacity: 0.15 },
    },
  };
}

const iso = (date) => date.toISOString().replace(/\.\d+Z$/, "Z");
function zoom(from, to) {
  if (to - from < 1000) return;
  visit(changedUrl({ since: iso(from), until: iso(new Date(Math.ceil(to / 1000) * 1000)), row: null, after: null }));
}

async function draw(node) {
  const figure = JSON.parse($(`#${node.dataset.figure}`).textContent);
  const { data, layout } = themed(figure);
  await window.Plotly.react(node, data, layout, { displayModeBar: false, responsive: true, doubleClick: false });
  const legend = $$("[data-series]", node.closest("figure"));
  for (const key of legend) {
    const trace = data.find((one) => String(one.meta) === key.dataset.series);
    $("i", key).style.background = trace?.marker.color ?? variable("series-other");
  }
  if (drawn.has(node)) return;
  drawn.add(node);
  if (node.dataset.brush === undefined) return;
  node.on("plotly_selected", (chosen) => {
    if (chosen?.range) zoom(...chosen.range.x.map(fromAxis));
  });
  node.on("plotly_doubleclick", () => history.back());
  node.on("plotly_click", ({ points: [point] }) => {
    const start = fromAxis(point.x);
    zoom(start, new Date(start.getTime() + figure.interval_ms));
  });
}

function redraw() {
  for (const node of drawn) {
    if (node.isConnected) draw(node);
    else { window.Plotly.purge(node); drawn.delete(node); }
  }
}

onContent((root) => {
  for (const node of $$("[data-figure]", root)) draw(node);
});
document.addEventListener("themechange", redraw);
document.addEventListener("zonechange", redraw);
