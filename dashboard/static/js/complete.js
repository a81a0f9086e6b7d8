// Completions of the query: field names, then values with their counts.
import { $, element, onAct } from "./dom.js";

let asked = new AbortController();
let offered = { start: 0, completions: [] };
let chosen = -1;
let timer;
const box = () => $("#completions");
const input = () => $("#q");

function hide() {
  if (!box()) return;
  asked.abort();
  clearTimeout(timer);
  box().hidden = true;
  chosen = -1;
  input().setAttribute("aria-expanded", "false");
  input().removeAttribute("aria-activedescendant");
}

function draw() {
  box().replaceChildren(...offered.completions.map(({ label, note }, at) => {
    const item = element("li", { id: `completion-${at}`, role: "option" }, element("span", {}, label), element("span", { className: "muted" }, note));
    item.setAttribute("aria-selected", String(at === chosen));
    item.dataset.completion = at;
    return item;
  }));
  box().hidden = offered.completions.length === 0;
  input().setAttribute("aria-expanded", String(!box().hidden));
  if (chosen >= 0) {
    input().setAttribute("aria-activedescendant", `completion-${chosen}`);
    box().children[chosen].scrollIntoView({ block: "nearest" });
  }
}

async function ask() {
  asked.abort();
  asked = new AbortController();
  const url = new URL(input().dataset.complete + location.search, location.href);
  url.searchParams.set("text", input().value);
  url.searchParams.set("at", input().selectionStart);
  try {
    const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
    if (!answer.ok || document.activeElement !== input()) return;
    offered = await answer.json();
    chosen = -1;
    draw();
  } catch (error) {
    if (error.name !== "AbortError") hide();
  }
}

function accept(at) {
  const { insert } = offered.completions[at];
  const field = input();
  field.setRangeText(insert, offered.start, field.selectionStart, "end");
  field.focus();
  hide();
  if (insert.endsWith(":")) ask();
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(timer);
  timer = setTimeout(ask, 90);
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "q" || !box() || box().hidden) return;
  const last = offered.completions.length;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    chosen = (chosen + step + last + (chosen < 0 && step < 0 ? 1 : 0)) % last;
    draw();
  } else if ((event.key === "Enter" && !event.shiftKey && chosen >= 0) || event.key === "Tab") {
    event.preventDefault();
    accept(Math.max(0, chosen));
  } else if (event.key === "Escape") {
    event.stopPropagation();
    hide();
  }
});
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest("[data-completion]");
  if (!item) return;
  event.preventDefault();
  accept(Number(item.dataset.completion));
});
document.addEventListener("focusout", (event) => { if (event.target.id === "q") hide(); });
document.addEventListener("submit", hide);
onAct("fill-query", (button) => { input().value = button.dataset.query; input().focus(); });
