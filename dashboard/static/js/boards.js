// Dashboards: places on the grid, choices, drawing again, and moving panels about.
import { $, $$, changedUrl, onContent, visit } from "./dom.js";

const COLUMNS = 24;

// The policy allows no style in markup; a script may set it.
function place(panel) {
  for (const name of ["x", "y", "w", "h"]) panel.style.setProperty(`--${name}`, panel.dataset[name]);
}

let timer;
function isVisible(panel) {
  const box = panel.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}
function drawAgain() {
  if (document.hidden || $("[popover]:popover-open")) return;
  for (const body of $$("[data-board] .board-body")) {
    if (isVisible(body) && !body.contains(document.activeElement)) window.htmx.trigger(body, "refresh");
  }
}

onContent((root) => {
  for (const board of $$("[data-board]", root)) {
    for (const panel of $$(".board-panel", board)) place(panel);
    board.classList.add("placed");
  }
  if (root !== document.body && root.id !== "page") return;
  clearInterval(timer);
  const seconds = Number($("[data-board]")?.dataset.refresh ?? 0);
  if (seconds) timer = setInterval(drawAgain, seconds * 1000);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) target.form.requestSubmit();
  else if (target.matches("select[data-changes]")) visit(changedUrl({ [target.dataset.changes]: target.value }));
});

// --- The editor -----------------------------------------------------------------------

const press = (form, what) => {
  const button = document.createElement("button");
  button.name = "do";
  button.value = what;
  button.hidden = true;
  form.append(button);
  form.requestSubmit(button);
};

// A change goes to the server and comes back; the place on the page stays.
let isLeaving = false;
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-editor]");
  if (!form) return;
  isLeaving = true;
  sessionStorage.setItem("editor-scroll", String(scrollY));
});
onContent((root) => {
  const editor = $("[data-editor]", root);
  if (!editor) return;
  isLeaving = false;
  const at = sessionStorage.getItem("editor-scroll");
  sessionStorage.removeItem("editor-scroll");
  if (at !== null) {
    scrollTo(0, Number(at));
    $(".board-panel.chosen .quiet", editor)?.focus({ preventScroll: true });
  }
});
addEventListener("beforeunload", (event) => {
  if ($("[data-editor][data-changed]") && !isLeaving) event.preventDefault();
});

const STEPS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const SIZES = { ArrowLeft: "narrower", ArrowRight: "wider", ArrowUp: "shorter", ArrowDown: "taller" };
document.addEventListener("keydown", (event) => {
  const panel = event.target.closest?.("[data-editor] .board-panel");
  const step = (event.shiftKey ? SIZES : STEPS)[event.key];
  if (!panel || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  press(panel.closest("form"), `move:${step}:${panel.dataset.panel}`);
});

// Dragging moves a panel; dragging its lower right corner resizes it.
let drag = null;
document.addEventListener("pointerdown", (event) => {
  const panel = event.target.closest("[data-editor] .board-panel");
  if (!panel || event.button !== 0 || matchMedia("(max-width: 900px)").matches) return;
  const box = panel.getBoundingClientRect();
  const isCorner = event.clientX > box.right - 18 && event.clientY > box.bottom - 18;
  const board = panel.parentElement.getBoundingClientRect();
  const row = Number.parseFloat(getComputedStyle(panel.parentElement).gridAutoRows);
  const gap = Number.parseFloat(getComputedStyle(panel.parentElement).rowGap);
  const started = Object.fromEntries(["x", "y", "w", "h"].map((name) => [name, Number(panel.dataset[name])]));
  drag = {
    panel, isCorner, started, now: { ...started }, from: [event.clientX, event.clientY],
    cell: [(board.width + gap) / COLUMNS, row + gap],
  };
});
document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const { panel, started, isCorner, now } = drag;
  const dx = Math.round((event.clientX - drag.from[0]) / drag.cell[0]);
  const dy = Math.round((event.clientY - drag.from[1]) / drag.cell[1]);
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  if (isCorner) {
    now.w = within(started.w + dx, 1, COLUMNS - started.x);
    now.h = within(started.h + dy, 1, 1000);
  } else {
    now.x = within(started.x + dx, 0, COLUMNS - started.w);
    now.y = Math.max(started.y + dy, 0);
  }
  panel.classList.toggle("dragged", dx !== 0 || dy !== 0);
  for (const name of Object.keys(now)) panel.style.setProperty(`--${name}`, now[name]);
});
document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { panel, now, started } = drag;
  drag = null;
  if (Object.keys(now).every((name) => now[name] === started[name])) return;
  const { x, y, w, h } = now;
  press(panel.closest("form"), `drop:${panel.dataset.panel}:${x}:${y}:${w}:${h}`);
});
