// What came of a request: counts, rows that were refused, or the rows of the answer.

import { count, counted, element, table } from "./elements.js";
import { dataOf } from "./form.js";

const COUNTS = ["received", "inserted", "updated", "unchanged", "deleted", "rejected"];
const numbers = new Set(dataOf(document.getElementById("send")).numbers.split(" "));

/** Whether an answer is the counts of what was done. */
export function isSummary(said) {
  return said !== null && typeof said === "object" && "inserted" in said && "updated" in said;
}

/** The counts as a list, the refused rows last. */
export function counts(said) {
  const rejected = rejectedCount(said);
  const all = { ...said, rejected: "rejected" in said ? rejected : undefined };
  const shown = COUNTS.filter((name) => all[name] !== undefined);
  return element(
    "dl",
    { class: "counts" },
    shown.map((name) =>
      element("div", { class: name === "rejected" && rejected ? "some-rejected" : null }, element("dt", {}, name), element("dd", {}, count(all[name]))),
    ),
  );
}

/** How many rows were refused, also when not all are listed. */
export function rejectedCount(said) {
  return said.rejected_count ?? said.rejected?.length ?? 0;
}

/** The counts of each table, when there are more than one. */
export function tables(said) {
  if (!said.tables) return null;
  const rows = Object.entries(said.tables).map(([name, each]) => [
    element("th", { scope: "row" }, element("code", {}, name)),
    ...["inserted", "updated", "deleted"].map((what) => element("td", { class: "n" }, count(each[what] ?? 0))),
  ]);
  return element(
    "details",
    { class: "tables" },
    element("summary", {}, `In ${counted(rows.length, "table")}`),
    table("By table", ["Table", "inserted", "updated", "deleted"], rows),
  );
}

/** What is wrong with the refused rows, as far as the answer lists it. */
export function rejected(said) {
  const rows = said.rejected ?? [];
  if (!rows.length) return null;
  const all = rejectedCount(said);
  const listed = new Set(rows.map((row) => row.line)).size;
  const shown = listed < all ? `The first ${count(listed)} of ${count(all)} rows with errors` : `${counted(all, "row")} with errors`;
  const cells = rows.map((row) => [
    element("th", { scope: "row", class: "n" }, count(row.line)),
    element("td", {}, row.column ?? element("span", { class: "null" }, "the row")),
    row.value === null || row.value === undefined ? element("td", { class: "null" }, "–") : element("td", { class: "value" }, row.value),
    element("td", { class: "reason" }, row.reason),
  ]);
  return element(
    "section",
    { class: "rejected" },
    element("h3", {}, shown),
    table(shown, ["Line", "Column", "Value", "Reason"], cells, true),
  );
}

/** Any answer: a list of objects as a table, an object as its members, with what is inside of them. */
export function shown(value, label = "Response") {
  if (Array.isArray(value) && value.length && value.every(isObject)) return ofRows(value, label);
  if (Array.isArray(value)) return value.length ? plain(JSON.stringify(value)) : element("p", { class: "none" }, "No rows");
  if (isObject(value)) return ofMembers(value, label);
  return plain(value);
}

function ofRows(rows, label) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => cell(row[name], name)));
  const headings = names.map((name) => element("th", { scope: "col", class: numbers.has(name) ? "n" : null }, name));
  return element("div", { class: "answer" }, element("p", { class: "summary" }, counted(rows.length, "row")), table(label, headings, cells));
}

function ofMembers(object, label) {
  const rows = Object.entries(object).map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, name), isNested(value) ? element("td", {}, shown(value, name)) : cell(value, name)),
  );
  if (!rows.length) return element("p", { class: "none" }, "No rows");
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, element("table", { class: "record" }, element("tbody", {}, rows)));
}

function cell(value, name) {
  if (value === null || value === undefined) return element("td", { class: "null" }, "–");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return element("td", { class: numbers.has(name) ? "n" : null }, text);
}

function plain(text) {
  return element("pre", { tabindex: 0 }, String(text));
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isNested(value) {
  return isObject(value) || (Array.isArray(value) && value.some(isObject));
}
