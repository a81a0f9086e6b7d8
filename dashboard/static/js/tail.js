// The live tail: rows as they enter the store, on top of those already shown.
import { $, element, isTyping, onAct, onContent, toast } from "./dom.js";

const MOST_ROWS = 1000;
const RATE_SECONDS = 10;
let source = null;
let page = null;
let path = "";
let isPaused = false;
let waiting = [];
let dropped = 0;
let arrivals = [];

const button = () => $("[data-act=tail]");

function show() {
  $("#tail-bar").hidden = !source;
  $("#tail-bar").classList.toggle("paused", isPaused);
  $("#tail-state").textContent = isPaused ? "Paused" : "Live";
  button()?.setAttribute("aria-pressed", String(Boolean(source)));
  if (!source) return;
  const now = performance.now();
  arrivals = arrivals.filter(({ at }) => now - at < RATE_SECONDS * 1000);
  const count = arrivals.reduce((sum, one) => sum + one.count, 0);
  $("#tail-rate").textContent = `${(count / RATE_SECONDS).toFixed(1)} a second`;
  const held = waiting.reduce((sum, rows) => sum + rows.length, 0);
  $("#tail-new").hidden = held === 0;
  $("#tail-new").textContent = `${held} new, show`;
  $("#tail-dropped").textContent = dropped ? `${dropped} not shown: they came too fast` : "";
  const pause = $("[data-act=tail-pause] span");
  pause.textContent = isPaused ? "Resume" : "Pause";
}

function insert(rows) {
  const body = $("#rows-body");
  $("#found").hidden = false;
  $(".summary")?.classList.add("stale");
  $(".explore > .empty")?.remove();
  for (const row of rows) {
    if (document.getElementById(row.id)) continue;
    row.classList.add("arrived");
    body.prepend(row);
  }
  window.htmx.process(body);
  const all = [...body.querySelectorAll("tr[data-id]")];
  for (const row of all.slice(MOST_ROWS)) row.remove();
  body.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: { target: body } }));
}

function receive(event) {
  const { rows, shown, dropped: missed } = JSON.parse(event.data);
  const made = element("template", { innerHTML: `<table><tbody>${rows}</tbody></table>` });
  const found = [...made.content.querySelectorAll("tr")].reverse();
  arrivals.push({ at: performance.now(), count: shown + missed });
  dropped += missed;
  const isAtTop = $("#rows-scroll").scrollTop < 200 && scrollY < 400;
  if (isPaused || !isAtTop) waiting.push(found);
  else insert(found);
  show();
}

function resume() {
  isPaused = false;
  for (const rows of waiting.splice(0)) insert(rows);
  $("#rows-scroll").scrollTo({ top: 0 });
  scrollTo({ top: 0 });
  show();
}

function stop() {
  source?.close();
  source = null;
  waiting = [];
  dropped = 0;
  arrivals = [];
  isPaused = false;
}

function start(url) {
  page = $("#rows-body");
  path = location.pathname;
  source = new EventSource(url);
  source.addEventListener("rows", receive);
  source.addEventListener("missed", (event) => { dropped += JSON.parse(event.data).count; show(); });
  source.addEventListener("problem", (event) => { $("#tail-rate").textContent = JSON.parse(event.data).text; });
  source.addEventListener("refused", (event) => { const { text } = JSON.parse(event.data); stop(); show(); toast(text); });
  source.addEventListener("error", () => { $("#tail-rate").textContent = "connecting again"; });
}

onAct("tail", (pressed) => {
  if (source) stop();
  else start(pressed.dataset.tail);
  pressed.blur();
  show();
});
onAct("tail-pause", () => { if (isPaused) resume(); else { isPaused = true; show(); } });
onAct("tail-resume", resume);
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !source || isTyping(event) || event.target.closest("button, a, summary")) return;
  event.preventDefault();
  $("[data-act=tail-pause]").click();
});
setInterval(() => { if (source) show(); }, 1000);
// Another query on the page is followed at once; another page ends the tail.
onContent(() => {
  if (!source || page === $("#rows-body")) return;
  const wasHere = path === location.pathname;
  stop();
  if (wasHere && button()) { start(button().dataset.tail); show(); }
});
addEventListener("pagehide", stop);
