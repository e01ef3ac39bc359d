// The page: figures drawn when seen, tables sorted on request, one account or model at a time.

const views = [];
const chosen = { account: 0, model: "" };

function view(element, number) {
  const found = { figure: DATA.figures[number], plot: element.querySelector(".plot"), placed: [], range: null, model: "" };
  paint(found);
  listen(found);
  views.push(found);
  return found;
}

/** The figure of the account chosen. */
function explorer() {
  const element = document.querySelector("[data-explorer]");
  if (!element || DATA.accounts.length === 0) return;
  const number = DATA.accounts[chosen.account][1];
  element.querySelector("h3").textContent = DATA.figures[number].title;
  const known = views.find((one) => one.explorer);
  if (!known) {
    view(element, number).explorer = true;
    return;
  }
  known.figure = DATA.figures[number];
  known.dates = datesOf(known.figure);
  repaint(known);
}

/** A list to choose from. */
function choice(label, options, act) {
  const box = add(document.getElementById("filters"), "label", {}, `${label} `);
  const select = add(box, "select", {});
  options.forEach(([value, text]) => add(select, "option", { value }, text));
  select.addEventListener("change", () => act(select.value));
}

function filters() {
  if (DATA.accounts.length > 1) {
    const accounts = DATA.accounts.map(([name], i) => [String(i), name]);
    choice("Account", [["", "All accounts"], ...accounts], (value) => {
      chosen.account = value === "" ? 0 : Number(value);
      chosen.accountName = value === "" ? "" : DATA.accounts[chosen.account][0];
      explorer();
      rows();
    });
  }
  if (DATA.models.length > 1) {
    const models = DATA.models.map(([, short], i) => [String(i), short]);
    choice("Model", [["", "All models"], ...models], (value) => {
      const [full, short] = value === "" ? ["", ""] : DATA.models[Number(value)];
      chosen.model = full;
      chosen.modelName = short;
      for (const one of views) { one.model = full; repaint(one); }
      rows();
      for (const card of document.querySelectorAll("[data-model]")) {
        card.hidden = short !== "" && card.getAttribute("data-model") !== short;
      }
    });
  }
}

/** Shows the rows of the account and model chosen, in tables that have such columns. */
function rows() {
  for (const table of document.querySelectorAll("main table")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.dataset.title);
    const tests = [["Account", chosen.accountName], ["Model", chosen.modelName]]
      .map(([title, name]) => [heads.indexOf(title), name])
      .filter(([column, name]) => column >= 0 && name);
    for (const row of table.tBodies[0].rows) {
      row.hidden = !tests.every(([column, name]) => {
        const text = row.cells[column].textContent;
        return text === name || text === `${name} (baseline)`;
      });
    }
  }
}

/** What a cell is sorted by: its number or date where it has one, else its text. */
function sortKey(text) {
  const date = Date.parse(`${text.replace(/\u00A0/g, " ")} UTC`);
  if (/^\d{1,2}\s[A-Z][a-z]{2}\s\d{4}/.test(text) && !Number.isNaN(date)) return date;
  const plain = text.replace(/[,\u00A0\s<>]/g, "").replace(/\u2212/g, "-");
  const number = Number.parseFloat(plain);
  return Number.isNaN(number) ? text : number;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, "en");
}

/** A table whose heads sort it: first click upward, second downward. */
function sortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.dataset.title = head.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = [...body.rows].map((row) => [sortKey(row.cells[column].textContent), row]);
      keyed.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

function start() {
  document.querySelectorAll("main table").forEach(sortable);
  document.querySelectorAll("[data-figure]").forEach((element) => view(element, Number(element.dataset.figure)));
  explorer();
  filters();
  let width = innerWidth;
  const redraw = () => { views.forEach(repaint); };
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
  addEventListener("beforeprint", redraw);
  addEventListener("afterprint", redraw);
  document.documentElement.dataset.ready = "yes";
}

// Widths of texts are known once the typeface is there.
document.fonts.ready.then(() => Promise.all([document.fonts.load('11px "Report Sans"'), document.fonts.load('700 12px "Report Sans"')]))
  .then(start, start);
