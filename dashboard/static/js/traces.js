// The page of traces: choosing a stretch of latencies by dragging over them.
import { $, $$, changedUrl, isTyping, load, onAct, onContent, visit } from "./dom.js";

const SVG_BRUSH = "[data-latency]";
const share = (svg, event) => {
  const box = svg.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
};
// The scale is one of powers: equal ways are equal ratios.
const milliseconds = (svg, at) => {
  const lower = Number(svg.dataset.lower);
  return lower * (Number(svg.dataset.upper) / lower) ** at;
};
const rounded = (value) => String(Number(value.toPrecision(4)));

function brush(svg) {
  const mark = $(".brush", svg);
  let from = null;
  const show = (to) => {
    mark.setAttribute("visibility", "visible");
    mark.setAttribute("x", `${Math.min(from, to) * 100}%`);
    mark.setAttribute("width", `${Math.abs(to - from) * 100}%`);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    from = share(svg, event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => { if (from !== null) show(share(svg, event)); });
  svg.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [lower, upper] = [from, share(svg, event)].sort((a, b) => a - b);
    from = null;
    if (upper - lower < 0.005) return;
    visit(changedUrl({
      min_ms: lower > 0 ? rounded(milliseconds(svg, lower)) : null,
      max_ms: upper < 1 ? rounded(milliseconds(svg, upper)) : null,
      after: null,
    }));
  });
  svg.addEventListener("pointercancel", () => { from = null; });
}

onContent((root) => {
  const svg = $(SVG_BRUSH, root.id === "page" || root === document.body ? root : document.createElement("i"));
  if (svg && svg.dataset.ready === undefined) {
    svg.dataset.ready = "";
    brush(svg);
  }
});

// --- The waterfall: the server draws rows, the keyboard walks over them ---------------

const waterfall = () => $("#wf");
const rowOf = (key) => document.getElementById(`wf-${key}`);
const params = () => new URLSearchParams(location.search);
const keep = (url) => history.replaceState(history.state, "", url);

// The list anew, after what it shows has changed; the row in sight stays in sight.
async function redraw(changes, at = null) {
  keep(changedUrl(changes));
  const url = new URL(waterfall().dataset.rows + location.search, location.href);
  if (at) url.searchParams.set("at", at);
  await load(url.href, "#wf", "outerHTML");
  if (at) focusRow(rowOf(at));
  said();
}

function focusRow(row) {
  if (!row) return;
  row.scrollIntoView({ block: "nearest" });
  row.focus({ preventScroll: true });
}

const isFocused = () => document.activeElement?.closest?.(".wf-row");
const rowsShown = () => $$(".wf-row", waterfall());
const current = () => isFocused() || $(".wf-row.chosen", waterfall());

function step(distance) {
  const all = rowsShown();
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : Math.max(0, Math.min(at + distance, all.length - 1))];
  if (!next) return;
  focusRow(next);
  if (!$("#span-panel").hidden) open(next);
}

function closedKeys() {
  return (params().get("closed") ?? "").split(".").filter(Boolean);
}

function fold(row, isClosing) {
  if (!row || row.getAttribute("aria-expanded") !== String(isClosing)) return;
  const { key } = row.dataset;
  const others = closedKeys().filter((one) => one !== key);
  redraw({ closed: (isClosing ? [...others, key] : others).join(".") || null, depth: isClosing ? params().get("depth") : null }, key);
}

async function open(row) {
  if (!row || row.classList.contains("missing")) return;
  for (const other of $$(".wf-row.chosen")) other.classList.remove("chosen");
  row.classList.add("chosen");
  keep(changedUrl({ span: row.dataset.key }));
  const panel = $("#span-panel");
  panel.hidden = false;
  await load($("a.wf-title", row).getAttribute("href"), panel);
}

function closePanel() {
  const panel = $("#span-panel");
  if (!panel || panel.hidden) return;
  keep(changedUrl({ span: null }));
  panel.hidden = true;
  panel.replaceChildren();
  focusRow($(".wf-row.chosen"));
}

async function goTo(key) {
  const row = rowOf(key);
  if (row) focusRow(row);
  else await redraw({}, key);
}

const foundKeys = () => (waterfall().dataset.found ?? "").split(".").filter(Boolean);
function said() {
  const box = $("#wf-found");
  if (!box || !waterfall()) return;
  const count = Number(waterfall().dataset.foundCount);
  box.textContent = params().get("find") ? `${count.toLocaleString("en")} found` : "";
}
function walkFound(distance) {
  const keys = foundKeys();
  if (!keys.length) return;
  const at = keys.indexOf(current()?.dataset.key);
  goTo(keys[(at + distance + keys.length + (at < 0 && distance < 0 ? 1 : 0)) % keys.length]);
}
async function find(text) {
  await redraw({ find: text || null });
  if (text) walkFound(1);
}

onAct("wf-fold", (button) => {
  const row = button.closest(".wf-row");
  fold(row, row.getAttribute("aria-expanded") === "true");
});
onAct("wf-open", (link) => open(link.closest(".wf-row")));
onAct("wf-close", closePanel);
onAct("wf-next", () => walkFound(1));
onAct("wf-previous", () => walkFound(-1));
onAct("wf-go", (button) => goTo(button.dataset.key));
onAct("wf-depth", (button) => redraw({ depth: button.dataset.depth || null, closed: null }));
onAct("wf-logs", (button) => {
  const isOn = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isOn));
  redraw({ logs: isOn ? "1" : null }, current()?.dataset.key);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form.wf-find");
  if (!form) return;
  event.preventDefault();
  const text = form.elements.find.value.trim();
  if (text === (params().get("find") ?? "")) walkFound(1);
  else find(text);
});
document.addEventListener("click", (event) => {
  if (!waterfall()) return;
  const lane = event.target.closest(".wf-minimap rect");
  if (lane) {
    const place = Number(lane.dataset.place);
    const near = $(`.wf-row[data-place="${place}"]`);
    if (near) focusRow(near);
    else $$(".wf-chunk").findLast((one) => Number(one.dataset.begin) <= place)?.scrollIntoView({ block: "center" });
    return;
  }
  const row = event.target.closest(".wf-row");
  if (!row || event.target.closest("button, a") || String(getSelection())) return;
  row.focus({ preventScroll: true });
  open(row);
});

const WATERFALL_KEYS = {
  j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  ArrowLeft: () => fold(isFocused(), true), ArrowRight: () => fold(isFocused(), false),
  Enter: () => open(isFocused()), n: () => walkFound(1), N: () => walkFound(-1), Escape: closePanel,
};
document.addEventListener("keydown", (event) => {
  if (!waterfall() || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]") || $(":popover-open")) return;
  const needsRow = event.key === "Enter" || event.key.startsWith("Arrow");
  if (!(event.key in WATERFALL_KEYS) || (needsRow && !isFocused()) || (event.key === "Enter" && event.target.closest("button, a"))) return;
  event.preventDefault();
  WATERFALL_KEYS[event.key]();
});

onContent((root) => {
  const panel = $("#span-panel");
  if (!panel) return;
  const chosen = $(".wf-row.chosen")?.dataset.key;
  if (params().get("span") === "cause") keep(changedUrl({ span: chosen ?? null }));
  if (params().get("span")) panel.hidden = false;
  const first = $(".wf-row");
  if (first && !$(".wf-row[tabindex='0']")) first.tabIndex = 0;
  if (root.id === "page" || root === document.body) {
    said();
    rowOf(params().get("span"))?.scrollIntoView({ block: "center" });
  }
});
