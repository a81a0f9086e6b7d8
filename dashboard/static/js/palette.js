// The command palette: pages, actions, ranges, saved views, and searching.
import { $, $$, act, element, icon, onAct, visit } from "./dom.js";

const ACTIONS = [
  ["Switch between light and dark", "moon", "theme"],
  ["Times in UTC or local", "clock", "zone"],
  ["Copy a link to this page", "link", "copy-link"],
  ["Keyboard shortcuts", "circle-help", "shortcuts"],
];
const list = () => $("#palette-list");
let chosen = 0;

function links(selector, iconName, note) {
  return $$(selector).map((link) => ({
    label: link.querySelector("span")?.textContent || link.textContent.trim(), icon: iconName, note, run: () => visit(link.href),
  }));
}

function commands(text) {
  const known = [
    ...links(".side a[href]:not(.brand)", "chevron-right", "Page"),
    ...links("#views-popover .views.saved a", "bookmark", "View"),
    ...links("#views-popover .views.examples a", "search", "Example"),
    ...links("#time-popover .quick a", "clock", "Time range"),
    ...ACTIONS.map(([label, name, action]) => ({ label, icon: name, note: "Action", run: (event) => act(action, event) })),
  ];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = known.filter(({ label, note }) => words.every((word) => `${label} ${note}`.toLowerCase().includes(word)));
  return text.trim() ? [...matching, ...searches(text.trim())] : matching;
}

function searches(text) {
  const { explore, searches: many, actor, resource } = $("#palette").dataset;
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  const here = new URLSearchParams(location.search);
  const named = new URLSearchParams({ name: text });
  for (const kept of ["since", "until", "account", "region"]) {
    for (const value of here.getAll(kept)) named.append(kept, value);
  }
  const at = location.pathname === explore ? new URLSearchParams(location.search) : new URLSearchParams();
  at.delete("row");
  at.set("q", text);
  return [
    { label: `Search ${many} for ${shown}`, icon: "search", note: "Search", run: () => visit(`${explore}?${at}`) },
    { label: `Actor ${shown}`, icon: "fingerprint", note: "Open", run: () => visit(`${actor}?${named}`) },
    { label: `Resource ${shown}`, icon: "box", note: "Open", run: () => visit(`${resource}?${named}`) },
  ];
}

let shown = [];
function draw() {
  shown = commands($("#palette-input").value);
  chosen = Math.max(0, Math.min(chosen, shown.length - 1));
  list().replaceChildren(...shown.map((one, at) => {
    const item = element("li", { id: `command-${at}`, role: "option" }, icon(one.icon), element("span", {}, one.label), element("span", { className: "muted" }, one.note));
    item.setAttribute("aria-selected", String(at === chosen));
    item.dataset.command = at;
    return item;
  }));
  if (shown.length) {
    $("#palette-input").setAttribute("aria-activedescendant", `command-${chosen}`);
    list().children[chosen].scrollIntoView({ block: "nearest" });
  }
}

function run(at, event) {
  $("#palette").close();
  shown[at]?.run(event);
}

onAct("palette", () => {
  $("#palette-input").value = "";
  chosen = 0;
  if (!$("#palette").open) $("#palette").showModal();
  draw();
});
$("#palette-input").addEventListener("input", () => { chosen = 0; draw(); });
$("#palette-input").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    chosen = (chosen + step + shown.length) % shown.length;
    draw();
  } else if (event.key === "Enter") {
    event.preventDefault();
    run(chosen, event);
  }
});
$("#palette").addEventListener("click", (event) => {
  const item = event.target.closest("[data-command]");
  if (item) run(Number(item.dataset.command), event);
  else if (event.target === $("#palette")) $("#palette").close();
});
