// The page of an endpoint that takes a file: choose, look, check, load.

import { count, counted, element, size } from "./elements.js";
import { counts, isSummary, rejected, rejectedCount, shown, tables } from "./outcome.js";
import { box, clearFieldErrors, problemBox, showFieldErrors } from "./problem.js";
import { confirmed } from "./send-confirm.js";
import { keepCurl } from "./send-curl.js";
import { beginning, isUnchanged, mediaType } from "./send-file.js";
import { givenParameters, outsidePath, ownErrors, target } from "./send-form.js";
import { matching, readAs, rowsTable } from "./send-preview.js";
import { say, watched } from "./send-progress.js";
import { RequestKeys, Stopped, send } from "./send-request.js";

const form = document.getElementById("send");
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const fileError = document.getElementById("file-error");
const preview = document.getElementById("preview");
const outcome = document.getElementById("outcome");
const checkButton = document.getElementById("check");
const loadButton = document.getElementById("load");
const loadWords = loadButton.textContent;
const canSkip = "canSkip" in form.dataset;
const mostBytes = Number(form.dataset.mostBytes);
const DONE = { POST: "Loaded", PUT: "Replaced", PATCH: "Changed", DELETE: "Deleted" };
const CHANGED = "The file has changed on the disk since it was chosen, or is gone. Choose it again.";

const keys = new RequestKeys();
let file = null;
let isRunning = false;
let looking = null;
let seen = null;

function begin() {
  form.noValidate = true;
  input.addEventListener("change", () => choose([...input.files]));
  document.getElementById("options").addEventListener("change", () => look());
  form.addEventListener("input", settle);
  form.addEventListener("change", settle);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.submitter !== loadButton);
  });
  document.addEventListener("dragover", allowDrop);
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
  document.addEventListener("drop", takeDrop);
  addEventListener("beforeunload", (event) => isRunning && event.preventDefault());
  keepCurl(form, curl)();
  settle();
  if (input.files.length) choose([...input.files]);
}

function allowDrop(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.add("over");
}

function takeDrop(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.remove("over");
  if (isRunning) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Buttons as they fit to what is chosen; what was loaded is not loaded again before something is changed. */
function settle(event) {
  if (event) loadButton.dataset.done = "";
  const isDone = Boolean(loadButton.dataset.done);
  checkButton.disabled = isRunning || !file;
  loadButton.disabled = isRunning || !file || isDone;
  loadButton.textContent = isDone ? loadButton.dataset.done : loadWords;
  input.disabled = isRunning;
}

function choose(files) {
  looking?.abort();
  file = files.length === 1 ? files[0] : null;
  seen = null;
  keys.forget();
  clearOutcome();
  preview.hidden = true;
  document.getElementById("field-sheet").replaceChildren(element("option", { value: "" }, "the first with cells"));
  refuse(files.length > 1 ? "One file at a time, please." : "");
  if (file && file.size > mostBytes) {
    refuse(`The file has ${size(file.size)}; at most ${size(mostBytes)} are taken.`);
    file = null;
  }
  loadButton.dataset.done = "";
  settle();
  if (file) look();
}

function refuse(text) {
  fileError.textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

function clearOutcome() {
  outcome.replaceChildren();
  outcome.hidden = true;
  say("");
}

function options() {
  return ["delimiter", "encoding", "sheet"].map((name) => [name, form.elements[name].value]).filter(([, text]) => text !== "");
}

function parameters() {
  return outsidePath(form, givenParameters(form)).flatMap(([name, texts]) => texts.map((text) => [name, text]));
}

/** Show the first rows, and what the file is taken for. */
async function look() {
  if (!file) return;
  looking?.abort();
  looking = new AbortController();
  const { signal } = looking;
  const chosen = file;
  clearOutcome();
  refuse("");
  say(`Reading ${chosen.name}`, true);
  try {
    const url = target(form, givenParameters(form), [["preview", "20"], ...options()]);
    const body = await beginning(chosen);
    const headers = { "Content-Type": mediaType(chosen) };
    const answer = await send({ method: form.dataset.method, url, headers, body, signal });
    if (signal.aborted) return;
    if (answer.ok) showPreview(answer.said);
    else refusePreview(answer);
  } catch (error) {
    if (error instanceof Stopped || signal.aborted) return;
    refuse((await isUnchanged(chosen)) ? "The server cannot be reached. Try again." : CHANGED);
    say("");
  }
}

function showPreview(said) {
  seen = said;
  document.getElementById("read-as").textContent = `${file.name}, ${size(file.size)}: ${readAs(said.read_as)}`;
  document.getElementById("matching").replaceChildren(...matching(said));
  showSheets(said);
  preview.hidden = false;
  showRows();
  const wrong = [...document.querySelectorAll("#matching .error")].map((each) => each.textContent);
  say([`${file.name} was read as ${readAs(said.read_as)}.`, ...wrong].join(" "));
}

function showRows(refused = []) {
  const none = element("p", { class: "none" }, "There are no rows below the line with the names.");
  document.getElementById("rows").replaceChildren(seen.rows.length ? rowsTable(seen, refused) : none);
}

function showSheets({ sheets = [], read_as: { sheet } }) {
  const field = document.getElementById("field-sheet");
  if (sheets.length < 2) return;
  field.replaceChildren(...sheets.map((name) => element("option", { value: name, selected: name === sheet }, name)));
  document.getElementById("options").open = true;
}

function refusePreview(answer) {
  preview.hidden = true;
  seen = null;
  const said = answer.said ?? {};
  refuse([said.detail ?? `The server answered ${answer.status}.`, said.hint].filter(Boolean).join(" "));
  say(fileError.textContent);
}

/** Send the whole file: to be checked, or to be loaded. */
async function run(isDry) {
  if (isRunning) return;
  clearFieldErrors(form);
  clearOutcome();
  const errors = ownErrors(form);
  if (showFieldErrors(form, errors).length || errors.length) return;
  if (!file) {
    refuse("Choose a file first.");
    input.focus();
    return;
  }
  if (!isDry && form.dataset.method === "DELETE" && !(await confirmed(`all that ${file.name} names`))) return;
  if (isRunning) return;
  isRunning = true;
  settle();
  try {
    const answer = await sendFile(isDry);
    showAnswer(answer, isDry);
  } catch (error) {
    showFailure(error, isDry, await isUnchanged(file));
  } finally {
    isRunning = false;
    settle();
    outcome.hidden = false;
    outcome.focus();
  }
}

function sendFile(isDry) {
  const url = target(form, givenParameters(form), [...parameters(), ...options(), ...invalid(isDry), ...(isDry ? [["dry_run", "true"]] : [])]);
  const headers = { "Content-Type": mediaType(file) };
  if (!isDry) headers["Idempotency-Key"] = keys.of(url.href);
  const then = isDry ? "The server checks the rows" : "The server loads the rows";
  return watched(`Sending ${file.name}`, then, (signal, onProgress) =>
    send({ method: form.dataset.method, url, headers, body: file, onProgress, signal }),
  );
}

/** A check goes on after bad rows wherever it may, so that all of them are told. */
function invalid(isDry) {
  return canSkip && (isDry || isSkipping()) ? [["invalid", "skip"]] : [];
}

function isSkipping() {
  return form.elements.invalid?.value === "skip";
}

function showAnswer(answer, isDry) {
  const said = answer.said;
  if (!answer.ok) {
    const others = showFieldErrors(form, said?.errors ?? []);
    const mended = said && { ...said, errors: others, hint: said.rejected && canSkip ? "Mend the rows, or choose to skip them." : said.hint };
    outcome.replaceChildren(problemBox({ ...answer, said: mended }), ...(said ? [rejected(said)].filter(Boolean) : []));
    say(said?.detail ?? `The server answered ${answer.status}.`);
    if (seen) showRows(said?.rejected);
    return;
  }
  const title = isDry ? "Checked: this is what would happen" : DONE[form.dataset.method];
  const bad = isSummary(said) ? rejectedCount(said) : 0;
  const what = isSummary(said)
    ? [advice(bad, said, isDry), counts(said), tables(said), rejected(said)]
    : [shown(said ?? answer.text)];
  outcome.replaceChildren(element("h2", { class: bad ? null : "good" }, title), ...what.filter(Boolean));
  if (!isDry) loadButton.dataset.done = DONE[form.dataset.method];
  if (seen) showRows(said?.rejected);
  say(`${title}.${bad ? ` ${counted(bad, "bad row")}.` : ""}`);
}

function advice(bad, said, isDry) {
  const left = said.received - bad;
  if (!isDry) return null;
  if (!bad) return element("p", {}, "All rows are good. Nothing was written yet.");
  if (!isSkipping()) {
    const others = left ? `, or choose to skip ${bad === 1 ? "it" : "them"} and load the other ${count(left)}` : "";
    return element("p", { class: "error" }, `${count(bad)} of ${counted(said.received, "row")} cannot be taken, so Load would write nothing: mend the file${others}.`);
  }
  return element("p", {}, `${count(bad)} of ${counted(said.received, "row")} would be skipped. Nothing was written yet.`);
}

function showFailure(error, isDry, isThere) {
  const again = "Load again to see what came of it: nothing is written twice.";
  if (!isThere) outcome.replaceChildren(box("The file has changed", CHANGED));
  else if (error instanceof Stopped) {
    outcome.replaceChildren(box("Stopped", isDry ? "Nothing was written." : `If the file had arrived as a whole, the server loads it all the same. ${again}`));
  } else {
    outcome.replaceChildren(box("The server cannot be reached", isDry ? "Try again." : `Whether it was written is not known. ${again}`));
  }
  say(outcome.querySelector("h2").textContent);
}

function curl() {
  const url = target(form, givenParameters(form), [...parameters(), ...options(), ...invalid(false)]);
  const method = form.dataset.method === "POST" ? [] : ["-X", form.dataset.method];
  const type = file ? mediaType(file) : "text/csv";
  return ["curl", ...method, "-H", `Content-Type: ${type}`, "--data-binary", `@${file?.name ?? "rows.csv"}`, url.href];
}

begin();
