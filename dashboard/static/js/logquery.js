// The page of log queries: progress of a scan, its answer, and the choice of groups.
import { $, changedUrl, load, onAct, onContent } from "./dom.js";

let source = null;

function stop(text) {
  source?.close();
  source = null;
  const bar = $("#log-query-progress");
  if (!bar) return;
  if (!text) bar.hidden = true;
  else $("[data-progress-text]", bar).textContent = text;
  $("[data-act=cancel-log-query]", bar)?.remove();
}

function progress({ scanned, total, percent, lines_per_second: rate }) {
  const number = (value) => value.toLocaleString("en");
  $("#log-query-progress progress").value = percent;
  $("#log-query-progress [data-progress-text]").textContent =
    `${percent} %: ${number(scanned)} of ${number(total)} lines, ${number(rate)} lines/s`;
}

// What draws charts waits for this; pieces that come beside others do not tell it.
function settled(place) {
  place.dispatchEvent(new CustomEvent("htmx:afterSettle", { bubbles: true, detail: { target: place } }));
}

function answer({ html }) {
  stop("");
  const place = $("#log-query-answer");
  place.innerHTML = html;
  window.htmx.process(place);
  settled(place);
}

document.body.addEventListener("htmx:oobAfterSwap", ({ target }) => {
  if (target.id === "log-query-answer") settled(target);
});

// A worker goes on: the piece that follows it takes the place of this one, and the URL
// names the run, so that loading the page again finds it.
function followRun({ id, url }) {
  stop("");
  history.replaceState(history.state, "", changedUrl({ run: id }));
  load(url, "#log-query-progress", "outerHTML");
}

function begin(bar) {
  source?.close();
  source = new EventSource(bar.dataset.stream);
  delete bar.dataset.stream;
  source.addEventListener("progress", (event) => progress(JSON.parse(event.data)));
  source.addEventListener("answer", (event) => answer(JSON.parse(event.data)));
  source.addEventListener("run", (event) => followRun(JSON.parse(event.data)));
  source.addEventListener("problem", (event) => stop(JSON.parse(event.data).text));
  source.onerror = () => source && stop("The connection was lost. Run the query again.");
}

onAct("cancel-log-query", () => stop("Cancelled. Run the query again for an answer."));

onContent((root) => {
  if (source && !$("#log-query-progress")) stop("");
  const bar = $("#log-query-progress[data-stream]");
  if (bar) begin(bar);
  const text = $("#log-query-text", root);
  text?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
});
