// The keyboard: every key in partials/shortcuts.html.
import { $, act, isTyping, onAct, visit } from "./dom.js";

const press = (selector) => $(selector)?.click();
const focus = (selector) => { const box = $(selector); box?.focus(); box?.select(); };
const page = (label) => () => {
  const link = [...document.querySelectorAll(".side a[href]")].find((one) => one.textContent.trim().startsWith(label));
  if (link) visit(link.href);
};

const KEYS = {
  "/": () => focus(".query-box input"),
  q: () => focus(".query-box input"),
  t: () => {
    $("#time-popover")?.togglePopover();
    $("#time-popover:popover-open a")?.focus();
  },
  z: () => press("#zoom-out"),
  r: () => press("#read-again"),
  u: (event) => act("zone", event),
  w: (event) => act("wrap", event),
  m: () => press("[data-act=toggle-table]"),
  l: () => press("[data-act=tail]"),
  "?": () => $("#shortcuts").showModal(),
};
const AFTER_G = {
  h: page("Home"), l: page("Logs"), e: page("CloudTrail"), a: page("Actors"), r: page("Resources"), s: page("Sources"), q: page("Quarantine"), m: page("Service map"), t: page("Traces"),
};

let afterG = -Infinity;
document.addEventListener("keydown", (event) => {
  const key = event.key;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") {
    event.preventDefault();
    act("palette", event);
  } else if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z" && !isTyping(event)) {
    event.preventDefault();
    history.back();
  } else if (event.shiftKey && key === "Enter" && $("form.query")) {
    event.preventDefault();
    $("form.query").requestSubmit();
  } else if (!(isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]"))) {
    const isSecond = event.timeStamp - afterG < 1000;
    afterG = key === "g" ? event.timeStamp : -Infinity;
    const run = isSecond ? AFTER_G[key] : KEYS[key];
    if (!run) return;
    event.preventDefault();
    run(event);
  }
});
onAct("shortcuts", () => $("#shortcuts").showModal());
