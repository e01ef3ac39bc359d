// Data, scales and ticks: how a value becomes a place.

const DATA = JSON.parse(document.getElementById("report-data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const unpacked = [];

/** The numbers of array `index`. */
function numbers(index) {
  if (unpacked[index]) return unpacked[index];
  const packed = DATA.arrays[index];
  let values;
  if ("n" in packed) {
    values = Float64Array.from({ length: packed.n }, (_, i) => packed.o + packed.s * i);
  } else {
    const text = atob("f" in packed ? packed.f : packed.u);
    const view = new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
    const read = "f" in packed
      ? (i) => view.getFloat32(4 * i, true)
      : (i) => packed.o + packed.s * view.getUint32(4 * i, true);
    values = Float64Array.from({ length: view.byteLength / 4 }, (_, i) => read(i));
  }
  return (unpacked[index] = values);
}

/** The scale as a monotone function onto an even spacing. */
function warp(axis, value) {
  switch (axis.scale) {
    case "log": return Math.log10(Math.max(value, 1e-300));
    case "nines": return -Math.log10(Math.max(1 - value, axis.by));
    case "symlog": return Math.sign(value) * Math.log10(1 + Math.abs(value) / axis.by);
    default: return value;
  }
}

/** From values to pixels between `from` and `to`; only what lies outside a time axis stays outside. */
function mapping(axis, range, from, to) {
  const low = warp(axis, range[0]);
  const span = warp(axis, range[1]) - low;
  return (value) => {
    let share = span === 0 ? 0.5 : (warp(axis, value) - low) / span;
    if (axis.kind !== "time") share = Math.min(1, Math.max(0, share));
    return from + share * (to - from);
  };
}

const HOUR = 3600e6, DAY = 86400e6;
const SPACINGS = [
  ["h", 1], ["h", 6], ["d", 1], ["d", 2], ["d", 7], ["d", 14], ["m", 1], ["m", 2], ["m", 3], ["m", 6],
  ["y", 1], ["y", 2], ["y", 5], ["y", 10], ["y", 20], ["y", 50],
];
const UNIT = { h: HOUR, d: DAY, m: 30.4 * DAY, y: 365.25 * DAY };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Ticks at the start of years, months, days or hours: at most `most`. */
function timeTicks(range, most) {
  const [unit, n] = SPACINGS.find(([u, k]) => (range[1] - range[0]) / (k * UNIT[u]) <= most) || ["y", 50];
  const start = new Date(range[0] / 1e3);
  const year = start.getUTCFullYear(), month = start.getUTCMonth();
  const at = (i) => {
    if (unit === "y") return Date.UTC(Math.floor(year / n) * n + i * n, 0) * 1e3;
    if (unit === "m") return Date.UTC(year, Math.floor(month / n) * n + i * n) * 1e3;
    const step = n * UNIT[unit];
    return (Math.floor(range[0] / step) + i) * step;
  };
  const ticks = [];
  for (let i = 0; at(i) <= range[1]; i += 1) {
    if (at(i) >= range[0]) ticks.push([at(i), tickDate(at(i), unit)]);
  }
  return ticks;
}

function tickDate(micros, unit) {
  const date = new Date(micros / 1e3);
  const month = MONTHS[date.getUTCMonth()], year = date.getUTCFullYear();
  if (unit === "y") return String(year);
  if (unit === "m") return `${month} ${year}`;
  if (unit === "d") return `${date.getUTCDate()} ${month} ${year}`;
  return `${date.getUTCDate()} ${month} ${clock(date)}`;
}

function clock(date) {
  return date.toISOString().slice(11, 16);
}

/** A value as a reader sees it, with its unit. */
function shown(axis, value) {
  if (Number.isNaN(value)) return "none";
  switch (axis.kind) {
    case "time": {
      const date = new Date(value / 1e3);
      const time = clock(date) === "00:00" ? "" : ` ${clock(date)}`;
      return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}${time}`;
    }
    case "names": return axis.names[Math.round(value)] || "";
    case "share": return `${digits(100 * value)} %`;
    case "ratio": return `${digits(value)}×`;
    default: return axis.currency ? `${digits(value)} ${axis.currency}` : digits(value);
  }
}

/** Five digits with thousands separated. */
function digits(value) {
  const text = Number(value.toPrecision(5)).toLocaleString("en-GB", { maximumFractionDigits: 8 });
  return text.replace("-", "\u2212");
}

/** The first position in sorted values that is not below `value`. */
function lowerBound(values, value) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

/** Position of the value nearest to `value` in sorted values; -1 in none. */
function nearest(values, value) {
  const after = lowerBound(values, value);
  if (after === 0) return values.length ? 0 : -1;
  if (after === values.length) return after - 1;
  return value - values[after - 1] <= values[after] - value ? after - 1 : after;
}

const ruler = document.createElement("canvas").getContext("2d");

/** Width of a text in pixels. */
function widthOf(text, size, bold) {
  ruler.font = `${bold ? "700 " : ""}${size}px "Report Sans", sans-serif`;
  return ruler.measureText(text).width;
}

/** The text, shortened at its end until it is at most `room` wide. */
function fitted(text, size, bold, room) {
  if (widthOf(text, size, bold) <= room) return text;
  let length = text.length - 1;
  while (length > 1 && widthOf(`${text.slice(0, length)}…`, size, bold) > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/** A new SVG element inside `parent`. */
function draw(parent, name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

/** A new HTML element inside `parent`. */
function add(parent, name, attributes, text) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
  return element;
}

/** A colour by name of an ink, or as it is. */
function colour(ink) {
  return ink.startsWith("#") ? ink : `var(--${ink})`;
}
