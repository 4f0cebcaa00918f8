// Elements made of values: what comes from the data is text, and never markup.

/** An element. attributes: by name; true for one without a value, and none for false, null or undefined. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * A table in a region that scrolls. headings: elements or texts; rows: lists of cells, elements or texts.
 * isStacked: whether it becomes a list where there is little room.
 */
export function table(label, headings, rows, isStacked = false) {
  const heads = headings.map((each) => (each instanceof Element ? each : element("th", { scope: "col" }, each)));
  for (const each of heads) each.setAttribute("role", "columnheader");
  const head = element("tr", { role: "row" }, heads);
  const body = rows.map((cells) => element("tr", { role: "row" }, cells.map((cell, place) => labelled(cell, heads[place].textContent))));
  // A list to the eye is still a table to a screen reader: roles outlive `display: block`.
  const whole = element(
    "table",
    { class: isStacked ? "rows stacked" : "rows", role: "table" },
    element("thead", { role: "rowgroup" }, head),
    element("tbody", { role: "rowgroup" }, body),
  );
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, whole);
}

function labelled(content, label) {
  const made = content instanceof HTMLTableCellElement ? content : element("td", {}, content);
  made.dataset.label = label;
  made.setAttribute("role", made.localName === "th" ? "rowheader" : "cell");
  return made;
}

/** A number as the reader writes it. */
export function count(number) {
  return new Intl.NumberFormat().format(number);
}

/** So many things: `1 row`, `2 rows`. */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A size in bytes as people say it. */
export function size(bytes) {
  if (bytes < 1000) return counted(bytes, "byte");
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  const number = bytes / 1000 ** power;
  return `${new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 }).format(number)} ${" kMG"[power]}B`;
}
