// Small things every module needs.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(made.dataset, value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(name) {
  const known = $("svg.icon use");
  const sprite = known ? known.getAttribute("href").split("#")[0] : "/static/icons.svg";
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
  toastTimer = setTimeout(() => box.classList.remove("shown"), 2200);
}

export async function copy(text, done = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast("The browser did not let us copy");
  }
}

// Go to a URL of this site without loading the frame again.
export function visit(url) {
  if (!window.htmx) { location.assign(url); return; }
  const link = element("a", { href: url });
  link.setAttribute("hx-boost", "true");
  boost(link);
  document.body.append(link);
  window.htmx.process(link);
  link.click();
  link.remove();
}

export function boost(node) {
  node.setAttribute("hx-target", "#page");
  node.setAttribute("hx-select", "#page");
  node.setAttribute("hx-swap", "outerHTML show:window:top");
}

export const isTyping = (event) => event.target.closest("input, textarea, select, [contenteditable]");
