// Small things every module needs.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(name) {
  const sprite = $("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

let toastTimer;
export function toast(text) {
  const box = $("#toast");
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), 4000);
}

export async function copy(text, done = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast("The browser did not allow copying");
  }
}

// Go to a page of this site; the frame's scripts and styles stay loaded.
export function visit(url) {
  const target = new URL(url, location.href);
  return window.htmx.ajax("GET", target.href, {
    target: "#page", select: "#page", swap: "outerHTML show:window:top",
    push: target.pathname + target.search,
  });
}

export const load = (url, target, swap = "innerHTML") =>
  window.htmx.ajax("GET", url, { target, swap });

// The page's own URL with some parameters changed; null removes one.
export function changedUrl(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search;
}

export const isTyping = (event) => Boolean(event.target.closest("input:not([type=checkbox]), textarea, select"));

// Modules register what they do for elements with this data-act.
const actions = new Map();
export const onAct = (name, run) => actions.set(name, run);
export const act = (name, event) => actions.get(name)?.(event.target.closest("[data-act]"), event);

// Run now and after every exchange of content, with the part that is new.
export function onContent(run) {
  run(document.body);
  document.body.addEventListener("htmx:afterSettle", (event) => {
    run(event.target);
  });
}
