// The service map: pan, zoom, keyboard, choosing, replay and pictures of it.
import { $, $$, changedUrl, element, isTyping, onAct, onContent, toast, visit } from "./dom.js";

const LEAST = 0.06, MOST = 2.5, FAR = 0.66, READABLE = 0.5;
// Where one looked, for each map: the page is drawn again when anything is chosen.
const views = new Map();
let canvas = null, picture = null, view = null, settled = 1, size = [1, 1];
let isPlaying = false, refreshing, playing;

const signature = () => `${location.pathname}|${canvas.dataset.signature}`;
const within = (value, low, high) => Math.min(Math.max(value, low), high);

function apply() {
  picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k / settled})`;
  const zoom = view.k < FAR ? "far" : "near";
  if (picture.dataset.zoom !== zoom) picture.dataset.zoom = zoom;
  const seen = $(".minimap .seen");
  if (!seen) return;
  const [left, top] = picture.viewBox.baseVal ? [picture.viewBox.baseVal.x, picture.viewBox.baseVal.y] : [0, 0];
  const box = { x: left - view.x / view.k, y: top - view.y / view.k, width: canvas.clientWidth / view.k, height: canvas.clientHeight / view.k };
  for (const [name, value] of Object.entries(box)) seen.setAttribute(name, value.toFixed(0));
}

// While zooming the picture is stretched; then it is drawn anew, sharp.
let settling;
function settle() {
  settled = view.k;
  picture.style.width = `${size[0] * view.k}px`;
  picture.style.height = `${size[1] * view.k}px`;
  apply();
}
function settleSoon() {
  clearTimeout(settling);
  settling = setTimeout(settle, 140);
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const k = within(view.k * factor, LEAST, MOST);
  view.x = x - (x - view.x) * (k / view.k);
  view.y = y - (y - view.y) * (k / view.k);
  view.k = k;
  apply();
  settleSoon();
}

function fit() {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const k = within(Math.min(width / size[0], height / size[1]), LEAST, 1.1);
  Object.assign(view, { k, x: (width - size[0] * k) / 2, y: Math.max(0, (height - size[1] * k) / 2) });
  settle();
}

// At first, a map of some nodes is shown so that its names can be read, from its left.
function beginAt() {
  fit();
  if (view.k >= READABLE || picture.classList.contains("dense")) return;
  zoom(READABLE / view.k);
  view.x = Math.max(0, (canvas.clientWidth - size[0] * view.k) / 2);
  if (size[1] * view.k > canvas.clientHeight) view.y = 0;
  settle();
}

function reveal(link) {
  if (!link) return;
  const box = link.getBoundingClientRect(), frame = canvas.getBoundingClientRect(), room = 24;
  const dx = Math.max(0, frame.left + room - box.left) - Math.max(0, box.right + 2.5 * room - frame.right);
  const dy = Math.max(0, frame.top + room - box.top) - Math.max(0, box.bottom + 2 * room - frame.bottom);
  if (!dx && !dy) return;
  view.x += dx;
  view.y += dy;
  apply();
}

// --- Choosing --------------------------------------------------------------------------

const nodes = () => $$(".node > a[data-id]", picture);
const edges = () => $$(".edge", picture);
const nodeOf = (id) => nodes().find((one) => one.dataset.id === id);
const chosenId = () => new URLSearchParams(location.search).get("select");

function mark() {
  const id = chosenId();
  const parts = [...$$(".node", picture), ...edges()];
  for (const part of parts) part.classList.remove("chosen", "near");
  const node = id && nodeOf(id), edge = id && edges().find((one) => one.dataset.id === id);
  picture.classList.toggle("has-near", Boolean(node || edge));
  if (!node && !edge) return;
  const near = new Set(node ? [id] : [edge.dataset.from, edge.dataset.to]);
  for (const one of node ? edges() : []) {
    if (one.dataset.from !== id && one.dataset.to !== id) continue;
    one.classList.add("near");
    near.add(one.dataset.from).add(one.dataset.to);
  }
  for (const one of nodes()) one.parentElement.classList.toggle("near", near.has(one.dataset.id));
  (node ? node.parentElement : edge).classList.add("chosen");
}

function choose(href) {
  const page = new URL(href, location.href);
  const { panel } = canvas.closest("[data-map]").dataset;
  $("#map-side").parentElement.classList.toggle("with-panel", page.searchParams.has("select"));
  const target = page.searchParams.has("select") ? panel + page.search : null;
  if (!target) {
    history.pushState({ htmx: true }, "", page.pathname + page.search);
    $("#map-side").replaceChildren();
    mark();
    return;
  }
  window.htmx.ajax("GET", target, { target: "#map-side", swap: "innerHTML", push: page.pathname + page.search }).then(() => {
    mark();
    tellSampled();
    const edge = edges().find((one) => one.dataset.id === chosenId());
    if (!edge) reveal(nodeOf(chosenId()));
  });
}

// What links say of the page changes with what is chosen: they keep it, or drop it.
function onClick(event) {
  const link = event.target.closest("a[data-id], a[data-select], [data-act=map-close]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || !picture) return;
  if (link.closest(".map-canvas") && hasMoved) { event.preventDefault(); return; }
  if (!link.closest(".map-canvas, #map-side")) return;
  event.preventDefault();
  choose(link.getAttribute("href"));
}
document.addEventListener("click", onClick);
onAct("map-close", () => choose(changedUrl({ select: null })));

const focusOn = (id) => visit(id.endsWith("~group")
  ? openedUrl(id.slice(0, -"~group".length)) : changedUrl({ focus: id, select: id }));
function openedUrl(name) {
  const url = new URL(location.href);
  url.searchParams.append("open", name);
  url.searchParams.delete("select");
  return url.href;
}

// --- Hands -----------------------------------------------------------------------------

const pointers = new Map();
let hasMoved = false, began = null;
const middle = () => {
  const all = [...pointers.values()];
  return [all.reduce((sum, [x]) => sum + x, 0) / all.length, all.reduce((sum, [, y]) => sum + y, 0) / all.length];
};
const spread = () => {
  const [one, other] = [...pointers.values()];
  return other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : 0;
};
function begin() {
  began = { at: middle(), spread: spread(), view: { ...view } };
}

function hands(node) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!pointers.size) hasMoved = false;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    begin();
  });
  node.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    const [x, y] = middle(), dx = x - began.at[0], dy = y - began.at[1];
    if (!hasMoved && Math.hypot(dx, dy) < 4 && pointers.size === 1) return;
    if (!hasMoved) node.setPointerCapture(event.pointerId);
    hasMoved = true;
    node.classList.add("dragged");
    const frame = node.getBoundingClientRect();
    const factor = pointers.size > 1 && began.spread ? spread() / began.spread : 1;
    const k = within(began.view.k * factor, LEAST, MOST), [ox, oy] = [began.at[0] - frame.left, began.at[1] - frame.top];
    Object.assign(view, {
      k, x: ox + dx - (ox - began.view.x) * (k / began.view.k), y: oy + dy - (oy - began.view.y) * (k / began.view.k),
    });
    apply();
    if (factor !== 1) settleSoon();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    node.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      if (pointers.size) begin();
      node.classList.remove("dragged");
    });
  }
  node.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = node.getBoundingClientRect();
    zoom(Math.exp(-within(event.deltaY, -120, 120) / 400), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
  node.addEventListener("dragstart", (event) => event.preventDefault());
  node.addEventListener("dblclick", (event) => {
    const link = event.target.closest(".node > a[data-id]");
    if (link) focusOn(link.dataset.id);
  });
  node.addEventListener("focusin", (event) => reveal(event.target.closest(".node > a")));
}

function onMinimap(event) {
  const map = event.target.closest(".minimap");
  if (!map || !picture || !(event.buttons & 1)) return;
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  const { x, y } = picture.viewBox.baseVal;
  view.x = canvas.clientWidth / 2 - (point.x - x) * view.k;
  view.y = canvas.clientHeight / 2 - (point.y - y) * view.k;
  apply();
}
document.addEventListener("pointerdown", onMinimap);
document.addEventListener("pointermove", onMinimap);

// --- Keys ------------------------------------------------------------------------------

const place = (link) => [Number(link.dataset.x), Number(link.dataset.y)];
function beside(link, key) {
  const id = link.dataset.id;
  if (key === "ArrowUp" || key === "ArrowDown") {
    const [x, y] = place(link), step = key === "ArrowUp" ? -1 : 1;
    const column = nodes().filter((one) => place(one)[0] === x).sort((one, other) => place(one)[1] - place(other)[1]);
    return column.filter((one) => (place(one)[1] - y) * step > 0).at(step > 0 ? 0 : -1);
  }
  const [from, to] = key === "ArrowRight" ? ["from", "to"] : ["to", "from"];
  const next = new Set(edges().filter((one) => one.dataset[from] === id).map((one) => one.dataset[to]));
  const y = place(link)[1];
  return nodes().filter((one) => next.has(one.dataset.id))
    .sort((one, other) => Math.abs(place(one)[1] - y) - Math.abs(place(other)[1] - y))[0];
}

const KEYS = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit };
document.addEventListener("keydown", (event) => {
  if (!canvas?.isConnected || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const link = event.target.closest?.(".map-canvas .node > a[data-id]");
  const isInside = event.target === canvas || canvas.contains(event.target);
  let run = KEYS[event.key];
  if (event.key === ",") run = () => $("#map-earlier")?.click();
  else if (event.key === ".") run = () => $("#map-later")?.click();
  else if (event.key === "f" && (link || chosenId())) run = () => focusOn(link ? link.dataset.id : chosenId());
  else if (event.key === "Escape" && chosenId() && !$("[popover]:popover-open")) run = () => choose(changedUrl({ select: null }));
  else if (event.key.startsWith("Arrow") && isInside) {
    const next = link ? beside(link, event.key) : nodeOf(chosenId()) ?? nodes()[0];
    run = () => { next?.focus({ preventScroll: true }); reveal(next); };
  }
  if (!run) return;
  event.preventDefault();
  run();
});
onAct("map-in", () => zoom(1.25));
onAct("map-out", () => zoom(0.8));
onAct("map-fit", () => fit());

// --- Badges, pictures, time ------------------------------------------------------------

// What metrics know of calls that were not traced, in the panel of its node.
let sampled = {};
function tellSampled() {
  const note = $(".panel-sampled"), text = sampled[chosenId()];
  if (note && text) note.textContent = text;
}

async function badges(page) {
  const here = picture;
  const answer = await fetch(page.dataset.badges, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || here !== picture) return;
  const found = await answer.json();
  for (const [id, text] of Object.entries(found.badges)) {
    const node = nodeOf(id)?.parentElement;
    const parsed = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg">${text}</svg>`, "image/svg+xml");
    if (node) node.append(...[...parsed.documentElement.children].map((one) => document.importNode(one, true)));
  }
  sampled = found.sampled;
  tellSampled();
  const known = Object.entries(found.sampled);
  for (const [id, text] of known) {
    const title = nodeOf(id)?.querySelector("title");
    if (title) title.textContent += `, ${text}`;
  }
  const note = $("#map-sampled");
  if (note && known.length) note.textContent = `; metrics tell of more: ${known.slice(0, 3).map(([id, text]) => `${id.split("~")[0]} ${text}`).join("; ")}`;
}

const themed = (url) => `${url}&theme=${document.documentElement.dataset.theme === "dark" ? "dark" : "light"}`;
function save(href, name) {
  const link = element("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}
onAct("map-save-svg", (button) => save(themed(button.dataset.url), "service-map.svg"));
onAct("map-png", async (button) => {
  const answer = await fetch(themed(button.dataset.url));
  if (!answer.ok) { toast("The picture could not be drawn"); return; }
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`;
  await image.decode();
  const scale = Math.min(2, 8000 / Math.max(image.width, image.height));
  const sheet = element("canvas", { width: image.width * scale, height: image.height * scale });
  sheet.getContext("2d").drawImage(image, 0, 0, sheet.width, sheet.height);
  sheet.toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    save(url, "service-map.png");
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }, "image/png");
});

const calmly = () => !document.hidden && !$("[popover]:popover-open") && !$("dialog[open]")
  && !document.activeElement?.closest("input, textarea, select");
function playOn() {
  clearTimeout(playing);
  const button = $("[data-act=map-play]");
  button?.setAttribute("aria-pressed", String(isPlaying));
  button?.querySelector("use")?.setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, isPlaying ? "#pause" : "#play"));
  button?.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  if (!isPlaying || !button) return;
  const later = $("#map-later");
  if (!later) { isPlaying = false; playOn(); return; }
  playing = setTimeout(() => { if (calmly()) visit(later.href); else playOn(); }, 1500);
}
onAct("map-play", () => { isPlaying = !isPlaying; playOn(); });

onContent((root) => {
  const page = $("[data-map]");
  if (!page) { isPlaying = false; clearInterval(refreshing); canvas = picture = null; return; }
  if (root.id === "map-strip" || $("#map-strip", root)) playOn();
  const found = $(".map-canvas", page);
  if (found === canvas) return;
  clearInterval(refreshing);
  const seconds = Number(page.dataset.refresh ?? 0);
  if (seconds) refreshing = setInterval(() => { if (calmly()) visit(location.href); }, seconds * 1000);
  canvas = found;
  picture = found && $("svg.map-picture", found);
  if (!picture) return;
  size = [picture.viewBox.baseVal.width, picture.viewBox.baseVal.height];
  hands(canvas);
  view = views.get(signature());
  if (view) settle();
  else {
    view = { x: 0, y: 0, k: 1 };
    views.set(signature(), view);
    beginAt();
  }
  mark();
  reveal(nodeOf(chosenId()));
  if (page.dataset.badges) badges(page);
});
addEventListener("resize", () => { if (picture?.isConnected) apply(); });
