// Draws figures the server describes, in the colours of the theme.
import { $, $$, changedUrl, onAct, onContent, toast, visit } from "./dom.js";

const drawn = new Set();
const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isLocal = () => localStorage.getItem("zone") === "local";
// `series-3` is a colour of the theme, `series-3/0.2` a share of it; others are colours.
function colour(name) {
  if (typeof name !== "string" || !/^[a-z]+(-[a-z0-9]+)*(\/[\d.]+)?$/.test(name)) return name;
  const [token, share] = name.split("/");
  const value = variable(token);
  if (!value || share === undefined) return value || name;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${share})`;
}
const coloured = (part) => Object.fromEntries(Object.entries(part).map(([name, value]) => {
  if (/color$/.test(name)) return [name, Array.isArray(value) ? value.map(colour) : colour(value)];
  const isPart = value && typeof value === "object" && !Array.isArray(value);
  return [name, isPart ? coloured(value) : value];
}));

// Plotly knows no zones: a local axis is given local times as if they were UTC.
const minutesEast = (date) => (isLocal() ? -date.getTimezoneOffset() : 0);
const toAxis = (iso) => {
  if (iso === null) return null;
  const date = new Date(iso);
  return new Date(date.getTime() + minutesEast(date) * 60_000).toISOString().replace("Z", "");
};
function fromAxis(text) {
  const date = new Date(`${String(text).replace(" ", "T")}Z`);
  return new Date(date.getTime() - minutesEast(date) * 60_000);
}

const onGrid = ({ start_ms, step_ms, count }) =>
  Array.from({ length: count }, (_, at) => toAxis(start_ms + at * step_ms));

function themed(figure) {
  const line = variable("line");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, tickcolor: line, automargin: false };
  const layout = structuredClone(figure.layout);
  layout.xaxis = { ...axis, ...layout.xaxis, range: layout.xaxis.range?.map(toAxis) };
  layout.yaxis = { ...axis, ...layout.yaxis };
  if (layout.yaxis2) layout.yaxis2 = { ...axis, ...layout.yaxis2 };
  layout.shapes = layout.shapes?.map((shape) => ({ ...coloured(shape), x0: toAxis(shape.x0), x1: toAxis(shape.x1) }));
  const grid = figure.grid && onGrid(figure.grid);
  const data = figure.data.map((trace) => ({ ...coloured(trace), x: trace.x?.map(toAxis) ?? grid }));
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

function within(page, from, to) {
  const url = new URL(page, location.href);
  url.searchParams.set("since", iso(from));
  url.searchParams.set("until", iso(new Date(Math.ceil(to / 1000) * 1000)));
  return url.href;
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
    if (!chosen?.range) return;
    const [from, to] = chosen.range.x.map(fromAxis);
    if (node.dataset.page) visit(within(node.dataset.page, from, to));
    else zoom(from, to);
  });
  node.on("plotly_doubleclick", () => history.back());
  node.on("plotly_click", ({ points: [point] }) => {
    if (point.customdata) visit(point.customdata);
    if (!figure.interval_ms) return;
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

// Far down a page of many charts, one is drawn when it is nearly in sight.
const inSight = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    inSight.unobserve(target);
    draw(target);
  }
}, { rootMargin: "300px" });

onContent((root) => {
  for (const node of $$("[data-figure]", root)) {
    if (node.dataset.lazy === undefined) draw(node);
    else inSight.observe(node);
  }
});

// Plotly's own download makes an address the page's policy does not load.
async function picture(node) {
  const { data, layout } = themed(JSON.parse($(`#${node.dataset.figure}`).textContent));
  const [width, height] = [node.clientWidth, node.clientHeight];
  layout.paper_bgcolor = variable("surface");
  const svg = await window.Plotly.toImage({ data, layout }, { format: "svg", width, height, imageDataOnly: true });
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * 2, height * 2];
  canvas.getContext("2d").drawImage(image, 0, 0, width * 2, height * 2);
  return canvas.toDataURL("image/png");
}
onAct("chart-png", async (button) => {
  const node = $(`#${button.dataset.chart}`);
  const link = document.createElement("a");
  try {
    link.href = await picture(node);
  } catch {
    toast("The browser could not make the picture");
    return;
  }
  link.download = button.dataset.name || "chart.png";
  link.click();
});
document.addEventListener("themechange", redraw);
document.addEventListener("zonechange", redraw);
