// Explore: rows and the record beside them, values, fields, filters.
import "./complete.js";
import { $, $$, changedUrl, copy, element, isTyping, load, onAct, onContent, visit } from "./dom.js";

// --- The menu of a value, which the server fills ------------------------------------

const stateOf = (node) => node.closest("[data-state]")?.dataset.state ?? location.search;
onAct("value", async (button) => {
  const menu = $("#menu");
  const url = new URL(`${button.closest("[data-explore]").dataset.explore}value${stateOf(button)}`, location.href);
  url.searchParams.set("path", button.dataset.path);
  url.searchParams.set("value", button.dataset.value);
  const box = button.getBoundingClientRect();
  await load(url.href, "#menu");
  if (!$("#chosen-facet")) { for (const item of $$("[data-act=top-values], [data-column]", menu)) item.remove(); }
  menu.showPopover();
  const left = Math.min(box.left, innerWidth - menu.offsetWidth - 8);
  const below = box.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
  menu.opener = button;
  $("a, button", menu)?.focus();
});
$("#menu").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = $$("a, button", $("#menu"));
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
});
$("#menu").addEventListener("click", () => $("#menu").hidePopover());
$("#menu").addEventListener("toggle", (event) => {
  if (event.newState === "closed" && document.activeElement === document.body) $("#menu").opener?.focus();
});
onAct("copy-value", (button) => copy(button.dataset.copy));
onAct("top-values", (button) => {
  const details = $("[data-all-fields]");
  if (details) details.open = true;
  showFacet(button.dataset.path);
});

// --- Fields --------------------------------------------------------------------------

const exploreUrl = (part) => $("[data-explore]").dataset.explore + part;
function facetUrl(path) {
  const url = new URL(exploreUrl("facets") + location.search, location.href);
  url.searchParams.set("field", path);
  return url.href;
}

function showFacet(path) {
  const slot = $("#chosen-facet");
  if (!slot) return;
  slot.dataset.path = path;
  load(facetUrl(path), slot);
  slot.scrollIntoView({ block: "nearest" });
}

onAct("field", (button) => {
  const item = button.closest("li");
  const open = $(".facets, .slot", item);
  button.setAttribute("aria-expanded", String(!open));
  if (open) { open.remove(); return; }
  const slot = element("div", { className: "slot" });
  item.append(slot);
  load(facetUrl(button.dataset.path), slot, "outerHTML");
});

const shownColumns = () => $$("#rows thead th[data-path]").map((head) => head.dataset.path);
onAct("toggle-column", (link) => {
  const columns = shownColumns();
  const { path } = link.dataset;
  const changed = columns.includes(path) ? columns.filter((one) => one !== path) : [...columns, path];
  visit(changedUrl({ cols: changed.join(",") || null }));
});

document.addEventListener("input", (event) => {
  if (event.target.id !== "field-search") return;
  const wanted = event.target.value.toLowerCase();
  for (const item of $$(".field-list li[data-search]")) item.hidden = !item.dataset.search.includes(wanted);
});

// --- Filters -------------------------------------------------------------------------

onAct("edit-filter", (button) => {
  const input = element("input", { value: button.dataset.clause, spellcheck: false, "aria-label": "Filter" });
  button.replaceWith(input);
  input.focus();
  const leave = () => input.replaceWith(button);
  input.addEventListener("blur", leave);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); input.blur(); button.focus(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.removeEventListener("blur", leave);
    const url = new URL(location.href);
    const filters = url.searchParams.getAll("f");
    const index = Number(button.dataset.index);
    const marks = filters[index].match(/^~?-?/)[0];
    filters[index] = input.value.trim() ? marks + input.value.trim() : "";
    url.searchParams.delete("f");
    for (const filter of filters.filter(Boolean)) url.searchParams.append("f", filter);
    visit(url.href);
  });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-act=split-by]")) visit(changedUrl({ by: event.target.value }));
});

// Wrapping is a taste: it stays in the browser.
function wrap() {
  const isWrapped = localStorage.getItem("wrap") === "on";
  document.body.classList.toggle("wrapped", isWrapped);
  $("[data-act=wrap]")?.setAttribute("aria-pressed", String(isWrapped));
}
onAct("wrap", () => {
  localStorage.setItem("wrap", localStorage.getItem("wrap") === "on" ? "off" : "on");
  wrap();
});
onContent(wrap);

// --- Rows and the record beside them --------------------------------------------------

const rows = () => $$("#rows-body tr[data-id]");
const chosenRow = () => $("#rows-body tr.chosen");

function choose(row) {
  chosenRow()?.classList.remove("chosen");
  if (!row) return;
  row.classList.add("chosen");
  row.scrollIntoView({ block: "nearest" });
  row.focus({ preventScroll: true });
}

// Opening a record is a step that Back undoes; going on to the next one is not.
async function open(row) {
  choose(row);
  const url = changedUrl({ row: row.dataset.id });
  if ($("#detail").hidden) history.pushState(null, "", url);
  else history.replaceState(history.state, "", url);
  await show(row);
}

async function show(row) {
  const wasOpen = !$("#detail").hidden;
  $("#detail").hidden = false;
  await load($("td.time a", row).getAttribute("href") + location.search, "#detail");
  if (!wasOpen) $("#detail .tabs [aria-selected=true]")?.focus({ preventScroll: true });
}

addEventListener("popstate", () => {
  const detail = $("#detail");
  const id = new URLSearchParams(location.search).get("row");
  if (!detail) return;
  const row = id && document.getElementById(`row-${id}`);
  if (row) { choose(row); show(row); }
  else if (!id) hide();
});

function hide() {
  $("#detail").hidden = true;
  $("#detail").replaceChildren();
  chosenRow()?.focus();
}

function close() {
  const detail = $("#detail");
  if (!detail || detail.hidden) return;
  history.replaceState(history.state, "", changedUrl({ row: null }));
  hide();
}

onAct("open-row", (link) => {
  if ($("#detail")) open(link.closest("tr"));
  else visit(link.href);
});
onAct("close-detail", close);
document.addEventListener("click", (event) => {
  const row = event.target.closest("#rows-body tr[data-id]");
  if (!row || event.target.closest("a, button, summary, details[open]") || String(getSelection())) return;
  open(row);
});

function step(distance) {
  const all = rows();
  const at = all.indexOf(chosenRow());
  const next = all[Math.max(0, Math.min(at + distance, all.length - 1))];
  if (!next) return;
  if ($("#detail") && !$("#detail").hidden) open(next);
  else choose(next);
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "Enter" && event.target.matches("tr[data-id]")) open(event.target);
  else if (event.key === "Escape" && !$(":popover-open")) close();
});

onContent(() => {
  const { searchParams } = new URL(location.href);
  const detail = $("#detail");
  if (detail && searchParams.get("row")) {
    detail.hidden = false;
    const row = document.getElementById(`row-${searchParams.get("row")}`);
    if (row && row !== chosenRow()) { chosenRow()?.classList.remove("chosen"); row.classList.add("chosen"); }
  }
  const shown = new Set(shownColumns());
  for (const link of $$(".add-column")) link.setAttribute("aria-pressed", String(shown.has(link.dataset.path)));
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.target.id === "detail") close();
});

// A page about one row shows that row in the middle, once.
onContent((root) => {
  const body = $("[data-scroll-to]", root.id === "page" || root === document.body ? root : document.createElement("i"));
  const box = $("#rows-scroll");
  const row = body && document.getElementById(body.dataset.scrollTo.slice(1));
  if (row && box) box.scrollTop = row.offsetTop - box.clientHeight / 2;
});
