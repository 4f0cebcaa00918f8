// What the answer to a check or a load is shown as.

import { count, counted, element } from "./elements.js";
import { counts, isSummary, rejected, rejectedCount, shown, tables } from "./outcome.js";
import { box, problemBox } from "./problem.js";
import { remarks } from "./send-preview.js";
import { Stopped } from "./send-request.js";

const AGAIN = "Load again to see the result; the rows are not written twice.";

/** A title and the elements below it. isSkipping: whether a load would skip bad rows. */
export function success(said, text, title, isDry, isSkipping) {
  const isCounted = isSummary(said);
  const bad = isCounted ? rejectedCount(said) : 0;
  const heading = element("h2", { class: bad ? null : "good" }, title);
  const rest = isCounted
    ? [isDry ? advice(bad, said, isSkipping) : null, counts(said), ...remarks(said.notes), tables(said), rejected(said)]
    : [shown(said ?? text)];
  return [heading, ...rest.filter(Boolean)];
}

function advice(bad, said, isSkipping) {
  const all = counted(said.received, "row");
  if (!bad) return element("p", {}, "All rows are valid. Nothing was written yet.");
  if (isSkipping) return element("p", {}, `${count(bad)} of ${all} would be skipped. Nothing was written yet.`);
  const left = said.received - bad;
  const others = left ? `, or choose to skip ${bad === 1 ? "it" : "them"} and load the other ${counted(left, "row")}` : "";
  return element("p", { class: "error" }, `${count(bad)} of ${all} ${bad === 1 ? "has" : "have"} errors, so Load would write nothing. Fix the file${others}.`);
}

function advised(said, canSkip) {
  if (said.type?.endsWith(":swapped-days")) return "Choose the date order under “File options”, or fix the dates.";
  return said.rejected && canSkip ? "Fix the rows, or choose to skip them." : said.hint;
}

/** What is wrong. errors: those that stand beside no field. */
export function refusal(answer, errors, canSkip) {
  const { said } = answer;
  if (!said) return [problemBox(answer)];
  const hint = advised(said, canSkip);
  return [problemBox({ ...answer, said: { ...said, errors, hint } }), ...remarks(said.notes), rejected(said)].filter(Boolean);
}

/** Why there is no answer. */
export function failure(error, isDry) {
  if (error instanceof Stopped) {
    return box("Stopped", isDry ? "Nothing was written." : `If the whole file has arrived, the server still loads it. ${AGAIN}`);
  }
  return box("The server is not reachable", isDry ? "Try again." : `It is unknown whether the file was loaded. ${AGAIN}`);
}
