// The frame: navigation without reloading, progress, theme, times, small actions.
import "./boards.js";
import "./charts.js";
import "./explore.js";
import "./keys.js";
import "./logquery.js";
import "./map.js";
import "./palette.js";
import "./tail.js";
import "./traces.js";
import { $, $$, act, copy, onAct, onContent, toast, visit } from "./dom.js";

function isOurs(link) {
  return link.origin === location.origin && !link.hasAttribute("download") && !link.target
    && link.dataset.noBoost === undefined && !link.getAttribute("href").startsWith("#");
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  const acting = event.target.closest("[data-act]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (acting && (isPlain || acting.tagName !== "A")) {
    act(acting.dataset.act, event);
    if (acting.tagName === "A") event.preventDefault();
    return;
  }
  const link = event.target.closest("a[href]");
  if (!link || !isPlain || !isOurs(link) || link.hasAttribute("hx-get")) return;
  event.preventDefault();
  visit(link.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-boost]");
  if (!form) return;
  event.preventDefault();
  const url = new URL(form.getAttribute("action") || location.pathname, location.href);
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  url.search = new URLSearchParams(filled).toString();
  visit(url.href);
});

// Progress of a page on its way: a bar at once, seconds and a way out after a moment.
let onItsWay = null;
let clock;
const isPage = (detail) => detail.target.id === "page";
document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (!isPage(detail)) return;
  onItsWay = detail.xhr;
  const started = performance.now();
  $("#progress").hidden = false;
  clearInterval(clock);
  clock = setInterval(() => {
    $("#elapsed").textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  }, 100);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr !== onItsWay) return;
  clearInterval(clock);
  onItsWay = null;
  $("#progress").hidden = true;
  $("#elapsed").textContent = "";
});
onAct("cancel", () => onItsWay?.abort());

// A page that says what went wrong is shown; in a part of a page it is told.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const landed = new URL(detail.xhr.responseURL || location.href);
  if (landed.pathname.startsWith("/sign-in")) {
    detail.shouldSwap = false;
    location.reload();
  } else if (detail.xhr.status >= 400) {
    detail.shouldSwap = isPage(detail);
    if (!detail.shouldSwap) toast("That part of the page could not be loaded");
  }
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => toast("Trailmap does not answer. Is it running?"));
}
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id === "page") $("#main")?.focus({ preventScroll: true });
});

onAct("theme", () => {
  const isDark = document.documentElement.dataset.theme === "dark";
  window.trailmapTheme(isDark ? "light" : "dark");
});
onAct("open-nav", () => { $(".side").classList.add("open"); $(".side a").focus(); });
onAct("close-nav", () => $(".side").classList.remove("open"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") $(".side.open")?.classList.remove("open");
});
document.addEventListener("click", (event) => {
  if (!$(".side.open") || event.target.closest(".side, [data-act=open-nav]")) return;
  event.preventDefault();
  event.stopPropagation();
  $(".side").classList.remove("open");
}, true);
onAct("copy", (button) => copy(button.dataset.copy, button.dataset.done));
onAct("copy-text", (button) => copy($(`#${button.dataset.from}`).textContent));
onAct("copy-link", () => copy(location.href, "Copied the link"));
onAct("check-all", (box) => {
  for (const other of $$("tbody input[type=checkbox]", box.closest("table"))) other.checked = box.checked;
});
onAct("toggle-table", (button) => {
  const table = $(`#${button.getAttribute("aria-controls")}`);
  table.hidden = !table.hidden;
  button.setAttribute("aria-expanded", String(!table.hidden));
});

function choose(tab) {
  for (const other of $$("[role=tab]", tab.parentElement)) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    $(`#${other.getAttribute("aria-controls")}`).hidden = !isChosen;
  }
}
onAct("tab", choose);
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const tabs = $$("[role=tab]", tab.parentElement);
  const step = event.key === "ArrowRight" ? 1 : tabs.length - 1;
  const next = tabs[(tabs.indexOf(tab) + step) % tabs.length];
  choose(next);
  next.focus();
});

// A secret is in the answer to a form: reloading must not make another.
onContent((root) => {
  const secret = $("[data-page]", root);
  if (secret) history.replaceState(history.state, "", secret.dataset.page);
});

// Times are served in UTC; the reader may prefer their own zone.
const pad = (number) => String(number).padStart(2, "0");
const local = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} `
  + `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
const inUtc = (date) => date.toISOString().slice(0, 19).replace("T", " ");
const isLocal = () => localStorage.getItem("zone") === "local";
function showTimes(root) {
  for (const time of $$("time.moment", root)) {
    const date = new Date(time.dateTime);
    const fine = time.classList.contains("fine") ? `.${String(date.getUTCMilliseconds()).padStart(3, "0")}` : "";
    time.textContent = (isLocal() ? local(date) : inUtc(date)) + fine;
    time.title = `${inUtc(date)} UTC, ${local(date)} local`;
  }
  for (const zone of $$(".zone", root)) zone.textContent = isLocal() ? "local" : "UTC";
}
onContent(showTimes);
onAct("zone", () => {
  localStorage.setItem("zone", isLocal() ? "utc" : "local");
  showTimes(document.body);
  document.dispatchEvent(new CustomEvent("zonechange"));
  toast(isLocal() ? "Times in your zone" : "Times in UTC");
});
