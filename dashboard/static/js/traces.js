// The page of traces: choosing a stretch of latencies by dragging over them.
import { $, changedUrl, onContent, visit } from "./dom.js";

const SVG_BRUSH = "[data-latency]";
const share = (svg, event) => {
  const box = svg.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
};
// The scale is one of powers: equal ways are equal ratios.
const milliseconds = (svg, at) => {
  const lower = Number(svg.dataset.lower);
  return lower * (Number(svg.dataset.upper) / lower) ** at;
};
const rounded = (value) => String(Number(value.toPrecision(4)));

function brush(svg) {
  const mark = $(".brush", svg);
  let from = null;
  const show = (to) => {
    mark.setAttribute("visibility", "visible");
    mark.setAttribute("x", `${Math.min(from, to) * 100}%`);
    mark.setAttribute("width", `${Math.abs(to - from) * 100}%`);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    from = share(svg, event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => { if (from !== null) show(share(svg, event)); });
  svg.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [lower, upper] = [from, share(svg, event)].sort((a, b) => a - b);
    from = null;
    if (upper - lower < 0.005) return;
    visit(changedUrl({
      min_ms: lower > 0 ? rounded(milliseconds(svg, lower)) : null,
      max_ms: upper < 1 ? rounded(milliseconds(svg, upper)) : null,
      after: null,
    }));
  });
  svg.addEventListener("pointercancel", () => { from = null; });
}

onContent((root) => {
  const svg = $(SVG_BRUSH, root.id === "page" || root === document.body ? root : document.createElement("i"));
  if (svg && svg.dataset.ready === undefined) {
    svg.dataset.ready = "";
    brush(svg);
  }
});
