// Looking closer: values at a point, zoom and moving along time, by pointer and by keys.

const tip = document.getElementById("tip");

/** What is at pixel `px`, `py` of a placed panel: lines of text and the pixel it belongs to. */
function reading(view, placed, px, py) {
  return placed.panel.x.kind === "time" ? onDate(view, placed, px) : onMark(placed, px, py);
}

function onMark(placed, px, py) {
  const away = (hit) => Math.hypot(Math.max(0, Math.abs(hit.x - px) - hit.half), hit.y - py);
  const best = placed.hits.reduce((a, b) => (a && away(a) <= away(b) ? a : b), null);
  return best && away(best) < 60 ? { x: best.x, lines: best.text } : null;
}

/** All values at the date nearest to a pixel. */
function onDate(view, placed, px) {
  const { box, range } = placed;
  const wanted = range[0] + ((px - box.left) / (box.right - box.left)) * (range[1] - range[0]);
  const dates = view.dates;
  const at = nearest(dates, wanted);
  return at < 0 ? null : atDate(view, placed, dates[at]);
}

function atDate(view, placed, date) {
  const { panel, x } = placed;
  const lines = [panel.title, shown(panel.x, date)].filter(Boolean);
  const seen = new Set();
  for (const layer of panel.layers) {
    const values = valuesOf(layer);
    if (!values) continue;
    const xs = numbers(layer.x);
    const i = lowerBound(xs, date);
    if (xs[i] !== date) continue;
    const name = nameOf(view.figure, panel, layer);
    const text = `${name}: ${values.map((value) => shown(panel.y, value[i])).join(" to ")}`;
    if (!seen.has(text)) lines.push(text);
    seen.add(text);
  }
  return { x: x(date), lines, date };
}

/** The arrays that say how high a layer's marks are. */
function valuesOf(layer) {
  if (layer.mark === "line" || layer.mark === "dots") return [numbers(layer.y)];
  if (layer.mark === "area") return [numbers(layer.low), numbers(layer.high)];
  if (layer.mark === "stems") return [numbers(layer.high)];
  return null;
}

/** What a layer is, by the key or the label of its colour. */
function nameOf(figure, panel, layer) {
  const entry = figure.key.find((one) => one.ink === layer.ink);
  if (entry) return entry.text.split(":")[0];
  const label = marginLabels(panel).find((one) => one.ink === layer.ink);
  if (label) return label.text;
  const rows = panel.layers.flatMap((one) => (one.mark === "labels" ? one.labels : []));
  const named = rows.find((one) => one.ink === layer.ink);
  return named ? named.text : panel.y.title || "value";
}

/** Every date of a figure's time axes, sorted and once each. */
function datesOf(figure) {
  const panels = figure.panels.filter((panel) => panel.x.kind === "time");
  const arrays = new Set(panels.flatMap((panel) => panel.layers.filter(valuesOf).map((layer) => layer.x)));
  const all = new Set();
  for (const array of arrays) for (const value of numbers(array)) all.add(value);
  return Float64Array.from(all).sort();
}

/** Makes a figure answer to pointer and keys. */
function listen(view) {
  const { plot } = view;
  const time = view.figure.panels.find((panel) => panel.x.kind === "time");
  view.dates = time ? datesOf(view.figure) : [];
  view.whole = time ? time.x.range : null;
  if (time) toolbar(view);
  plot.addEventListener("pointermove", (event) => move(view, event));
  plot.addEventListener("pointerleave", () => { if (!view.drag) hide(view); });
  if (!time) return;
  plot.addEventListener("pointerdown", (event) => press(view, event));
  plot.addEventListener("pointerup", (event) => release(view, event));
  plot.addEventListener("pointercancel", () => { view.drag = null; hide(view); });
  plot.addEventListener("dblclick", () => zoom(view, null));
  plot.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    scale(view, event.deltaY > 0 ? 1.25 : 0.8);
  }, { passive: false });
  plot.addEventListener("keydown", (event) => press_key(view, event));
}

/** The panel under the pointer, and where in it. */
function under(view, event) {
  const frame = view.plot.getBoundingClientRect();
  const [px, py] = [event.clientX - frame.left, event.clientY - frame.top];
  const inside = ({ box }) => px >= box.left - 4 && px <= box.right + 4 && py >= box.top - 8 && py <= box.bottom + 8;
  return { px, py, placed: view.placed.find(inside) };
}

function move(view, event) {
  const { px, py, placed } = under(view, event);
  if (view.drag) { dragged(view, px); return; }
  const found = placed && reading(view, placed, px, py);
  if (found) point(view, placed, found, event.clientX, event.clientY); else hide(view);
}

/** Shows the lines of a reading, and where they belong. */
function point(view, placed, found, x, y) {
  cursor(view, found.date === undefined ? [placed] : view.placed, found);
  tip.textContent = "";
  found.lines.forEach((line, i) => add(tip, "div", i === 0 ? { class: "first" } : {}, line));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
  const top = y + 16 + height > innerHeight ? y - 16 - height : y + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function cursor(view, panels, found) {
  view.plot.querySelectorAll(".cursor").forEach((old) => old.remove());
  for (const { box, x } of panels) {
    const at = found.date === undefined ? found.x : x(found.date);
    draw(view.svg, "path", { d: `M${at} ${box.top}V${box.bottom}`, class: "cursor" });
  }
}

function hide(view) {
  tip.hidden = true;
  view.plot.querySelectorAll(".cursor, .selection").forEach((old) => old.remove());
}

function press(view, event) {
  const { px, placed } = under(view, event);
  if (!placed || event.button !== 0) return;
  view.drag = { from: px, placed, moves: event.shiftKey, range: placed.range };
  view.plot.setPointerCapture(event.pointerId);
}

function dragged(view, px) {
  const { from, placed: { box }, moves, range } = view.drag;
  const per = (range[1] - range[0]) / (box.right - box.left);
  if (moves) {
    shift(view, range, (from - px) * per);
    return;
  }
  hide(view);
  const [left, right] = [from, px].sort((a, b) => a - b).map((x) => Math.min(Math.max(x, box.left), box.right));
  for (const other of view.placed) {
    const offset = other.box.left - box.left;
    const { top, bottom } = other.box;
    draw(view.svg, "rect", { x: left + offset, y: top, width: right - left, height: bottom - top, class: "selection" });
  }
}

function release(view, event) {
  if (!view.drag) return;
  const { from, placed: { box, range }, moves } = view.drag;
  view.drag = null;
  const to = under(view, event).px;
  if (moves || Math.abs(to - from) < 6) { hide(view); return; }
  const at = (x) => range[0] + ((Math.min(Math.max(x, box.left), box.right) - box.left) / (box.right - box.left)) * (range[1] - range[0]);
  zoom(view, [from, to].sort((a, b) => a - b).map(at));
}

/** Shows a range of time, at least three dates long; all of it for none. */
function zoom(view, range) {
  if (range) {
    const least = view.dates.length > 3 ? 3 * ((view.whole[1] - view.whole[0]) / (view.dates.length - 1)) : Infinity;
    if (range[1] - range[0] < least) return;
    range = [Math.max(range[0], view.whole[0]), Math.min(range[1], view.whole[1])];
    if (range[0] <= view.whole[0] && range[1] >= view.whole[1]) range = null;
  }
  view.range = range;
  repaint(view);
}

function repaint(view) {
  const focused = view.svg && document.activeElement === view.svg;
  paint(view);
  hide(view);
  if (focused && view.svg) view.svg.focus();
}

function scale(view, factor) {
  const [from, to] = view.range || view.whole;
  const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
  zoom(view, [middle - half, middle + half]);
}

function shift(view, range, by) {
  const bounded = Math.min(Math.max(by, view.whole[0] - range[0]), view.whole[1] - range[1]);
  zoom(view, [range[0] + bounded, range[1] + bounded]);
}

function pan(view, share) {
  const range = view.range || view.whole;
  shift(view, range, share * (range[1] - range[0]));
}

function toolbar(view) {
  const bar = document.createElement("div");
  bar.className = "toolbar";
  view.plot.before(bar);
  const buttons = [
    ["−", "Show a longer period", () => scale(view, 2)], ["+", "Show a shorter period", () => scale(view, 0.5)],
    ["←", "Earlier", () => pan(view, -0.5)], ["→", "Later", () => pan(view, 0.5)], ["All", "Show all dates", () => zoom(view, null)],
  ];
  for (const [text, title, act] of buttons) {
    add(bar, "button", { type: "button", title, "aria-label": title }, text).addEventListener("click", act);
  }
}

/** Arrows step from date to date, with Shift they move the period; plus and minus zoom, 0 shows all. */
function press_key(view, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
  if (step && event.shiftKey) pan(view, Math.sign(step) * 0.25);
  else if (step) walk(view, step);
  else if (event.key === "+" || event.key === "=") scale(view, 0.5);
  else if (event.key === "-") scale(view, 2);
  else if (event.key === "0") zoom(view, null);
  else if (event.key === "Escape") hide(view);
  else return;
  event.preventDefault();
}

function walk(view, step) {
  const placed = view.placed[0];
  if (!placed || view.dates.length === 0) return;
  const [from, to] = placed.range;
  const [first, last] = [lowerBound(view.dates, from), lowerBound(view.dates, to + 1) - 1];
  view.at = view.at === undefined ? first : Math.min(Math.max(view.at + step, first), last);
  const found = atDate(view, placed, view.dates[view.at]);
  for (const other of view.placed.slice(1)) found.lines.push(...atDate(view, other, found.date).lines.filter((_, i) => i !== 1));
  const frame = view.svg.getBoundingClientRect();
  point(view, placed, found, frame.left + found.x, Math.max(frame.top, 0) + 30);
}
