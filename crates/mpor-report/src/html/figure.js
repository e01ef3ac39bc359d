// One figure: where panels go, and their marks.

const TICK = 11, PANEL = 12.5, LINE = 18, GAP = 12;

/** Draws a figure into `view.plot`, with the panels of one model where `view.model` names it. */
function paint(view) {
  const { figure, plot } = view;
  const width = Math.max(280, plot.clientWidth);
  plot.textContent = "";
  const panels = figure.panels.filter((panel) => belongs(view, panel));
  if (panels.length === 0) {
    add(plot, "p", { class: "note" }, "Nothing of this model here.");
    view.placed = [];
    return;
  }
  const columns = width < 640 || panels.length < figure.panels.length ? 1 : figure.columns;
  const svg = draw(plot, "svg", { width, role: "group", tabindex: 0, "aria-label": figure.alt });
  view.svg = svg;
  let top = key(svg, figure, width);
  const sides = sidesOf(view, panels, columns, width);
  const taken = sides.reduce((sum, side) => sum + side.left + side.right, 0) + GAP * (columns - 1);
  const across = Math.max(60, (width - taken) / columns);
  view.placed = [];
  for (let row = 0; row * columns < panels.length; row += 1) {
    const heading = columns === figure.columns ? figure.rows[row] : undefined;
    if (heading) {
      draw(svg, "text", { x: 0, y: top + 13, class: "panel-title" }, fitted(heading, PANEL, true, width));
      top += LINE;
    }
    top = paintRow(view, panels, { row, columns, sides, across, top });
  }
  svg.setAttribute("height", top);
  svg.setAttribute("viewBox", `0 0 ${width} ${top}`);
}

/** Whether a panel is shown: all are, unless one model is chosen and the panel is another's. */
function belongs(view, panel) {
  const ofModels = view.figure.panels.some((one) => isModel(one.title));
  return !view.model || !ofModels || !isModel(panel.title) || panel.title === view.model;
}

function isModel(title) {
  return DATA.models.some(([name]) => name === title);
}

/** The meaning of the colours, in as many lines as they need. */
function key(svg, figure, width) {
  let x = 0, top = 0;
  for (const entry of figure.key) {
    const needed = 20 + widthOf(entry.text, TICK);
    if (x > 0 && x + needed > width) { x = 0; top += LINE; }
    const fill = colour(entry.ink), middle = top + 9;
    if (entry.mark === "line") draw(svg, "path", { d: `M${x} ${middle}h13`, style: `stroke:${fill};stroke-width:2` });
    else if (entry.mark === "dot") draw(svg, "circle", { cx: x + 6, cy: middle, r: 3.2, style: `fill:${fill}` });
    else draw(svg, "rect", { x, y: middle - 4, width: 13, height: 8, style: `fill:${fill}` });
    draw(svg, "text", { x: x + 18, y: top + 13, class: "quiet" }, fitted(entry.text, TICK, false, width - x - 18));
    x += needed + 16;
  }
  return figure.key.length ? top + LINE + 4 : 0;
}

/** Room left of plots for tick labels and right of them for labels, one a column. */
function sidesOf(view, panels, columns, width) {
  return Array.from({ length: columns }, (_, column) => {
    const own = panels.filter((_, i) => i % columns === column);
    const labelled = column === 0 || view.figure.shared !== "xy";
    const ticks = labelled ? own.flatMap((panel) => panel.y.ticks.map(([, text]) => widthOf(text, TICK))) : [0];
    const margins = own.flatMap(marginLabels).map((label) => widthOf(label.text, TICK) + 22);
    return {
      left: Math.min(Math.max(0, ...ticks) + 8, (0.3 * width) / Math.sqrt(columns)),
      right: Math.min(Math.max(4, ...margins), (0.3 * width) / Math.sqrt(columns)),
      labelled,
    };
  });
}

function marginLabels(panel) {
  return panel.layers.flatMap((layer) => (layer.mark === "labels" ? layer.labels.filter((one) => !one.near) : []));
}

/** One row of panels from `top` on; gives its bottom. */
function paintRow(view, panels, { row, columns, sides, across, top }) {
  const { figure, svg } = view;
  const own = panels.slice(row * columns, (row + 1) * columns);
  const titled = own.some((panel) => panel.title || axisTitle(panel.y) || rules(panel).length);
  const under = (column) => figure.shared === "nothing" || (row + 1) * columns + column >= panels.length;
  const plotTop = top + (titled ? LINE : 6), height = figure.height * 1.3;
  let left = 0, below = 6;
  own.forEach((panel, column) => {
    const side = sides[column];
    const box = { left: left + side.left, right: left + side.left + across, top: plotTop, bottom: plotTop + height };
    const labelled = { x: under(column), y: side.labelled, edge: box.right + side.right, start: left };
    if (labelled.x) below = Math.max(below, LINE + (panel.x.title ? LINE : 0) + 4);
    paintPanel(view, svg, panel, box, labelled);
    left = box.right + side.right + GAP;
  });
  return plotTop + height + below + (view.figure.shared === "nothing" ? 6 : 2);
}

function rules(panel) {
  return panel.layers.filter((layer) => layer.mark === "rule" && layer.vertical && layer.text);
}

function axisTitle(axis) {
  return [axis.title, axis.unit].filter(Boolean).join(", ");
}

let clips = 0;

function paintPanel(view, svg, panel, box, labelled) {
  const range = panel.x.kind === "time" && view.range ? view.range : panel.x.range;
  const x = mapping(panel.x, range, box.left, box.right);
  // Rows of names run from the top.
  const upward = panel.y.kind !== "names";
  const y = mapping(panel.y, panel.y.range, upward ? box.bottom : box.top, upward ? box.top : box.bottom);
  const placed = { panel, box, x, y, range, hits: [] };
  view.placed.push(placed);
  clips += 1;
  const clip = draw(svg, "clipPath", { id: `clip${clips}` });
  draw(clip, "rect", { x: box.left - 1, y: box.top - 4, width: box.right - box.left + 2, height: box.bottom - box.top + 8 });
  heads(svg, panel, box, labelled);
  grid(svg, placed, labelled);
  const marks = draw(svg, "g", { "clip-path": `url(#clip${clips})` });
  for (const layer of panel.layers) mark(marks, placed, layer);
  draw(svg, "path", { d: `M${box.left} ${box.bottom}H${box.right}`, class: "axis" });
  ruleLabels(svg, placed, labelled);
  margin(svg, placed, labelled);
  near(svg, placed);
}

function heads(svg, panel, box, labelled) {
  const unit = labelled.y ? axisTitle(panel.y) : "";
  const room = Math.max(30, labelled.edge - box.left - widthOf(unit, TICK) - 8);
  const title = fitted(panel.title, PANEL, true, room);
  if (title) draw(svg, "text", { x: box.left, y: box.top - 6, class: "panel-title" }, title);
  const after = title ? widthOf(title, PANEL, true) + 8 : 0;
  if (unit) draw(svg, "text", { x: box.left + after, y: box.top - 6, class: "quiet" }, unit);
}

function grid(svg, placed, labelled) {
  const { panel, box, x, y, range } = placed;
  if (panel.y.kind !== "names") {
    for (const [value] of panel.y.ticks) draw(svg, "path", { d: `M${box.left} ${y(value)}H${box.right}`, class: "grid" });
  }
  if (labelled.y) {
    for (const [value, text] of panel.y.ticks) {
      const words = fitted(text, TICK, false, box.left - labelled.start - 6);
      draw(svg, "text", { x: box.left - 5, y: y(value) + 4, class: panel.y.kind === "names" ? "end" : "end quiet" }, words);
    }
  }
  const most = Math.max(3, Math.floor((box.right - box.left) / 110));
  const ticks = panel.x.kind === "time" ? timeTicks(range, most) : panel.x.ticks;
  let free = -Infinity;
  for (const [value, text] of ticks) {
    if (panel.x.kind !== "names") draw(svg, "path", { d: `M${x(value)} ${box.bottom}v4`, class: "axis" });
    if (panel.x.kind !== "names" && panel.x.kind !== "time") {
      draw(svg, "path", { d: `M${x(value)} ${box.top}V${box.bottom}`, class: "grid" });
    }
    const half = widthOf(text, TICK) / 2;
    const middle = Math.min(Math.max(x(value), labelled.start + half), labelled.edge - half);
    if (labelled.x && middle - half > free) {
      draw(svg, "text", { x: middle, y: box.bottom + 16, class: "middle quiet" }, text);
      free = middle + half + 8;
    }
  }
  if (labelled.x && panel.x.title) {
    draw(svg, "text", { x: (box.left + box.right) / 2, y: box.bottom + 34, class: "middle quiet" }, axisTitle(panel.x));
  }
}

/** Draws one layer, and notes what can be pointed at. */
function mark(parent, placed, layer) {
  const { x, y, box, panel } = placed;
  const ink = layer.ink ? colour(layer.ink) : "";
  if (layer.mark === "line") {
    const points = thinned(placed, numbers(layer.x), numbers(layer.y));
    const d = points.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
    draw(parent, "path", { d, fill: "none", style: `stroke:${ink};stroke-width:${layer.width * 1.4}` });
  } else if (layer.mark === "area") {
    const xs = numbers(layer.x);
    const high = thinned(placed, xs, numbers(layer.high));
    const low = thinned(placed, xs, numbers(layer.low)).reverse();
    const d = high.concat(low).map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
    draw(parent, "path", { d: `${d}Z`, style: `fill:${ink}` });
  } else if (layer.mark === "stems") {
    draw(parent, "path", { d: stems(placed, layer), fill: "none", style: `stroke:${ink};stroke-width:${layer.width * 1.3}` });
  } else if (layer.mark === "bars") {
    const [ys, low, high] = [layer.y, layer.low, layer.high].map(numbers);
    ys.forEach((row, i) => {
      const [from, to] = [x(low[i]), x(high[i])].sort((a, b) => a - b);
      const thick = layer.width * 1.3, middle = y(row);
      draw(parent, "rect", { x: from, y: middle - thick / 2, width: Math.max(1, to - from), height: thick, style: `fill:${ink}` });
      const what = `${shown(panel.x, low[i])} to ${shown(panel.x, high[i])}`;
      placed.hits.push({ x: (from + to) / 2, y: middle, half: (to - from) / 2, text: [shown(panel.y, row), what] });
    });
  } else if (layer.mark === "dots") {
    const [xs, ys] = [layer.x, layer.y].map(numbers);
    const few = xs.length < 4000;
    xs.forEach((value, i) => {
      if (placed.panel.x.kind === "time" && (value < placed.range[0] || value > placed.range[1])) return;
      draw(parent, "circle", { cx: x(value).toFixed(1), cy: y(ys[i]).toFixed(1), r: layer.width * 1.35, style: `fill:${ink}` });
      if (few) placed.hits.push({ x: x(value), y: y(ys[i]), half: 0, text: dotText(panel, value, ys[i]) });
    });
  } else if (layer.mark === "cells") {
    cells(parent, placed, layer);
  } else if (layer.mark === "rule") {
    const d = layer.vertical ? `M${x(layer.at)} ${box.top}V${box.bottom}` : `M${box.left} ${y(layer.at)}H${box.right}`;
    draw(parent, "path", { d, class: "rule" });
  }
}

function dotText(panel, value, height) {
  const labels = panel.layers.flatMap((layer) => (layer.mark === "labels" ? layer.labels : []));
  const own = labels.find((label) => label.x === value && Math.fround(label.y) === Math.fround(height));
  const axis = (of, one) => `${of.title ? `${of.title}: ` : ""}${shown(of, one)}`;
  return [own ? own.text : panel.title, axis(panel.x, value), axis(panel.y, height)].filter(Boolean);
}

function stems(placed, layer) {
  const { x, y, range } = placed;
  const [xs, low, high] = [layer.x, layer.low, layer.high].map(numbers);
  const tallest = new Map();
  for (let i = lowerBound(xs, range[0]); i < xs.length && xs[i] <= range[1]; i += 1) {
    const column = Math.round(2 * x(xs[i])) / 2;
    const [from, to] = [y(low[i]), y(high[i])];
    const known = tallest.get(column);
    if (!known || Math.abs(to - from) > Math.abs(known[1] - known[0])) tallest.set(column, [from, to]);
  }
  let d = "";
  for (const [column, [from, to]] of tallest) d += `M${column} ${from.toFixed(1)}V${to.toFixed(1)}`;
  return d;
}

/** Points in pixels: first, lowest, highest and last of each half pixel, which look the same as all. */
function thinned(placed, xs, ys) {
  const { x, y, range, panel } = placed;
  let [from, to] = [0, xs.length];
  if (panel.x.kind === "time") {
    from = Math.max(0, lowerBound(xs, range[0]) - 1);
    to = Math.min(xs.length, lowerBound(xs, range[1]) + 2);
  }
  const points = [];
  for (let i = from; i < to; i += 1) if (!Number.isNaN(ys[i])) points.push([x(xs[i]), y(ys[i])]);
  if (points.length < 4000) return points;
  const kept = [];
  for (let i = 0; i < points.length;) {
    const column = Math.floor(2 * points[i][0]), first = i;
    let low = i, high = i;
    for (; i < points.length && Math.floor(2 * points[i][0]) === column; i += 1) {
      if (points[i][1] < points[low][1]) low = i;
      if (points[i][1] > points[high][1]) high = i;
    }
    const ends = [...new Set([first, low, high, i - 1])].sort((a, b) => a - b);
    ends.forEach((end) => kept.push(points[end]));
  }
  return kept;
}

function cells(parent, placed, layer) {
  const { x, y, panel } = placed;
  layer.rows.forEach((line, row) => line.forEach((cell, column) => {
    const [left, right] = [x(column - 0.5), x(column + 0.5)];
    const [top, bottom] = [y(row - 0.5), y(row + 0.5)];
    draw(parent, "rect", { x: left, y: top, width: right - left, height: bottom - top, style: `fill:${cell.fill}` });
    if (widthOf(cell.text, TICK) < right - left - 3 && bottom - top > 12) {
      draw(parent, "text", { x: (left + right) / 2, y: (top + bottom) / 2 + 4, class: "middle", style: `fill:${cell.ink}` }, cell.text);
    }
    const text = [`${shown(panel.y, row)}, ${shown(panel.x, column)}`, cell.text];
    placed.hits.push({ x: (left + right) / 2, y: (top + bottom) / 2, half: (right - left) / 2, text });
  }));
  if (layer.marked) {
    const [row, column] = layer.marked;
    const [left, top] = [x(column - 0.5), y(row - 0.5)];
    draw(parent, "rect", { x: left, y: top, width: x(column + 0.5) - left, height: y(row + 0.5) - top, class: "marked" });
  }
}

function ruleLabels(svg, placed, labelled) {
  const { panel, box, x, y } = placed;
  for (const rule of panel.layers.filter((layer) => layer.mark === "rule" && layer.text)) {
    const half = widthOf(rule.text, TICK) / 2;
    const at = rule.vertical
      ? { x: Math.min(Math.max(x(rule.at), labelled.start + half), labelled.edge - half), y: box.top - 6, class: "middle" }
      : { x: box.right - 3, y: y(rule.at) - 4, class: "end" };
    draw(svg, "text", at, rule.text);
  }
}

/** Labels right of the plot, moved apart. */
function margin(svg, placed, labelled) {
  const { panel, box, y } = placed;
  const labels = marginLabels(panel).map((label) => ({ label, at: y(label.y) })).sort((a, b) => a.at - b.at);
  labels.forEach((one, i) => { if (i > 0) one.at = Math.max(one.at, labels[i - 1].at + 12); });
  let ceiling = box.bottom;
  for (const one of [...labels].reverse()) { one.at = Math.min(one.at, ceiling); ceiling = one.at - 12; }
  for (const { label, at } of labels) {
    let left = box.right + 6;
    if (label.ink !== "text") {
      draw(svg, "rect", { x: left, y: at - 4, width: 8, height: 8, style: `fill:${colour(label.ink)}` });
      left += 12;
    }
    draw(svg, "text", { x: left, y: at + 4 }, fitted(label.text, TICK, false, labelled.edge - left));
  }
}

/** Labels near their points: at the first place around them that is free, else none; hovering tells the name anyway. */
function near(svg, placed) {
  const { panel, box, x, y } = placed;
  const taken = placed.hits.map((hit) => ({ left: hit.x - 4, right: hit.x + 4, top: hit.y - 4, bottom: hit.y + 4 }));
  const labels = panel.layers.flatMap((layer) => (layer.mark === "labels" ? layer.labels.filter((one) => one.near) : []));
  for (const label of labels) {
    const [px, py] = [x(label.x), y(label.y)];
    const width = widthOf(label.text, TICK);
    const places = [8, 16, 28].flatMap((far) => [
      [px + far, py - 7], [px - far - width, py - 7], [px - width / 2, py - far - 14], [px - width / 2, py + far],
      [px + far, py - far - 7], [px + far, py + far - 7], [px - far - width, py - far - 7], [px - far - width, py + far - 7],
    ]);
    const frames = places.map(([left, top]) => ({ left, right: left + width, top, bottom: top + 14 }));
    const frame = frames.find((one) => one.left >= box.left && one.right <= box.right && one.top >= box.top - 4
      && one.bottom <= box.bottom && !taken.some((other) => one.left < other.right && other.left < one.right
      && one.top < other.bottom && other.top < one.bottom));
    if (!frame) continue;
    taken.push(frame);
    draw(svg, "text", { x: frame.left, y: frame.bottom - 3, class: "haloed" }, label.text);
  }
}
