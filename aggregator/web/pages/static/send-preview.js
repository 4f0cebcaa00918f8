// The first rows of a file, above each column what it is taken for, and what is wrong with each cell.

import { count, counted, element } from "./elements.js";

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };
const KINDS = { csv: "CSV", json: "JSON", ndjson: "NDJSON", excel: "Excel" };

/** How the file was understood, in words. */
export function readAs({ format, encoding, delimiter, sheet }) {
  const said = [KINDS[format] ?? format];
  if (format === "csv") said.push(encoding, `${DELIMITERS[delimiter] ?? delimiter} as delimiter`);
  if (sheet !== undefined) said.push(`sheet ${sheet}`);
  return said.join(", ");
}

/** What the file as a whole lacks, and the columns that are not there. */
export function matching({ problems, input, columns, rows, notes, skipped = [] }) {
  const wrong = problems.map((text) => element("p", { class: "error" }, text));
  const missing = (isRequired) => input.filter((each) => each.column === null && each.required === isRequired).map((each) => each.name);
  const used = columns.filter((column) => column.input !== null).length;
  const bad = rows.filter((row) => row.problems.length).length;
  return [
    element("p", {}, `${used} of the file’s ${counted(columns.length, "column")} ${used === 1 ? "is" : "are"} used. * marks required columns.`),
    named("Required, but not in your file:", missing(true), "error"),
    named("Not in your file (optional):", missing(false), "help"),
    ...wrong,
    ...remarks(notes),
    skippedLines(skipped),
    bad ? element("p", { class: "error" }, `${count(bad)} of the first ${counted(rows.length, "row")} ${bad === 1 ? "has" : "have"} errors.`) : null,
  ].filter(Boolean);
}

/** How the file was read, where that needs a word. */
export function remarks(notes = []) {
  return notes.map((text) => element("p", { class: "note" }, text));
}

function skippedLines(skipped) {
  if (!skipped.length) return null;
  const lines = skipped.map(({ line, text }) => element("li", { value: line }, text));
  return element("details", { class: "skipped" }, element("summary", {}, `Above the header: ${counted(skipped.length, "line")}`), element("ol", {}, lines));
}

function named(words, names, kind) {
  if (!names.length) return null;
  const listed = names.flatMap((name) => [" ", element("code", {}, name)]);
  return element("p", { class: kind }, words, listed);
}

/** The rows as a table. rejected: rows that a check has refused. */
export function rowsTable({ columns, input, rows }, rejected = []) {
  const required = new Set(input.filter((each) => each.required).map((each) => each.name));
  const matches = columns.map((column) =>
    column.input === null
      ? element("th", { scope: "col", class: "unused" }, "not used")
      : element("th", { scope: "col", class: "used" }, "→ ", element("code", {}, column.input), required.has(column.input) ? " *" : ""),
  );
  const names = columns.map((column) => element("th", { scope: "col", class: column.input === null ? "unused" : null }, column.name || "–"));
  const head = element(
    "thead",
    {},
    element("tr", { class: "matches" }, element("th", { scope: "col", rowspan: 2 }, "Line"), matches),
    element("tr", {}, names),
  );
  const body = element("tbody", {}, rows.map((row) => bodyRow(row, columns, rejected.filter((each) => each.line === row.line))));
  return element("table", { class: "rows preview" }, head, body);
}

function bodyRow({ line, cells, problems }, columns, rejected) {
  const told = new Set(problems.map((problem) => problem.column));
  const all = [...problems, ...rejected.filter((row) => !told.has(row.column))];
  const places = columns.map((column) => (column.input === null ? [] : all.filter((problem) => problem.column === column.name)));
  const inCells = new Set(places.flat());
  const ofRow = all.filter((problem) => !inCells.has(problem));
  const reasons = ofRow.map((problem) => why(problem.column ? `${problem.column} ${problem.reason}` : problem.reason));
  const first = element("th", { scope: "row", class: "n" }, String(line));
  const shown =
    cells === null
      ? [element("td", { colspan: Math.max(columns.length, 1), class: "bad" }, reasons)]
      : cells.map((text, place) => cell(text, places[place], columns[place].input === null));
  if (cells !== null) first.append(...reasons);
  return element("tr", { class: all.length ? "bad-row" : null }, first, shown);
}

function cell(text, problems, isUnused) {
  const kinds = [isUnused && "unused", problems.length && "bad"].filter(Boolean).join(" ");
  const shown = text === null ? (problems.length ? element("span", { class: "null" }, "empty") : "") : text;
  return element("td", { class: kinds || null }, shown, problems.map((problem) => why(problem.reason)));
}

function why(reason) {
  return element("span", { class: "why" }, element("span", { "aria-hidden": "true" }, "⚠ "), reason);
}
