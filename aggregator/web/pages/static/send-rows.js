// The page of an endpoint that takes a file: choose, look, check, load.

import { counted } from "./elements.js";
import { dataOf, fieldsOf } from "./form.js";
import { isSummary, rejectedCount } from "./outcome.js";
import { box, clearFieldErrors, showFieldErrors } from "./problem.js";
import { failure, refusal, success } from "./send-answer.js";
import { CHANGED, beginChoice, file, lock, markRefused, refuse } from "./send-choice.js";
import { confirmed } from "./send-confirm.js";
import { keepCurl } from "./send-curl.js";
import { isUnchanged, mediaType } from "./send-file.js";
import { givenParameters, inputOptions, outsidePath, ownErrors, target } from "./send-form.js";
import { say, watched } from "./send-progress.js";
import { RequestKeys, send } from "./send-request.js";

const DONE = { POST: "Loaded", PUT: "Replaced", PATCH: "Changed", DELETE: "Deleted" };

const form = document.getElementById("send");
const outcome = document.getElementById("outcome");
const checkButton = document.getElementById("check");
const loadButton = document.getElementById("load");
const loadWords = loadButton.textContent;
const { method } = dataOf(form);
const canSkip = "canSkip" in dataOf(form);
const keys = new RequestKeys();
let isRunning = false;
let isDone = false;

function begin() {
  form.noValidate = true;
  const showCurl = keepCurl(form, curl);
  beginChoice(() => {
    keys.forget();
    clearOutcome();
    changed();
    showCurl();
  });
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.submitter !== loadButton);
  });
  addEventListener("beforeunload", (event) => isRunning && event.preventDefault());
  showCurl();
  settle();
}

function changed() {
  isDone = false;
  settle();
}

/** Buttons as they fit: what was loaded is not loaded again before something is changed. */
function settle() {
  checkButton.disabled = isRunning || !file;
  loadButton.disabled = isRunning || !file || isDone;
  loadButton.textContent = isDone ? DONE[method] : loadWords;
  lock(isRunning);
}

function clearOutcome() {
  outcome.replaceChildren();
  outcome.hidden = true;
  say("");
}

/** Send the whole file: to be checked, or to be loaded. */
async function run(isDry) {
  if (isRunning) return;
  clearFieldErrors(form);
  clearOutcome();
  const errors = ownErrors(form);
  showFieldErrors(form, errors);
  if (errors.length) return;
  if (!file) {
    refuse("Choose a file first.");
    return;
  }
  if (!isDry && method === "DELETE" && !(await confirmed(`all that ${file.name} names`))) return;
  if (isRunning) return;
  isRunning = true;
  settle();
  try {
    showAnswer(await sendFile(isDry), isDry);
  } catch (error) {
    outcome.replaceChildren((await isUnchanged(file)) ? failure(error, isDry) : box("The file has changed", CHANGED));
    say(outcome.querySelector("h2").textContent);
  } finally {
    isRunning = false;
    settle();
    outcome.hidden = !outcome.childNodes.length;
    if (!outcome.hidden) outcome.focus();
  }
}

function sendFile(isDry) {
  const url = fullUrl([...skipping(isDry), ...(isDry ? [["dry_run", "true"]] : [])]);
  const headers = { "Content-Type": mediaType(file) };
  if (!isDry) headers["Idempotency-Key"] = keys.of(url.href);
  const then = isDry ? "Checking the rows" : "Loading the rows";
  return watched(`Sending ${file.name}`, then, (signal, onProgress) =>
    send({ method, url, headers, body: file, onProgress, signal }),
  );
}

function fullUrl(query) {
  const given = givenParameters(form);
  const parameters = outsidePath(form, given).flatMap(([name, texts]) => texts.map((text) => [name, text]));
  return target(form, given, [...parameters, ...inputOptions(form), ...query]);
}

/** A check goes on after bad rows wherever it may, so that all of them are told. */
function skipping(isDry) {
  return canSkip && (isDry || isSkipping()) ? [["invalid", "skip"]] : [];
}

function isSkipping() {
  return fieldsOf(form).invalid?.value === "skip";
}

function showAnswer(answer, isDry) {
  const { said } = answer;
  markRefused(said?.rejected);
  if (!answer.ok) {
    const all = said?.errors ?? [];
    const others = showFieldErrors(form, all);
    if (!all.length || others.length) outcome.replaceChildren(...refusal(answer, others, canSkip));
    say(said?.detail ?? `The server responded with ${answer.status}.`);
    return;
  }
  isDone = !isDry;
  const title = isDry ? "Checked: this would change" : DONE[method];
  outcome.replaceChildren(...success(said, answer.text, title, isDry, isSkipping()));
  const bad = isSummary(said) ? rejectedCount(said) : 0;
  say(`${title}.${bad ? ` ${counted(bad, "row with errors")}.` : ""}`);
}

function curl() {
  const how = method === "POST" ? [] : ["-X", method];
  const type = file ? mediaType(file) : "text/csv";
  return ["curl", ...how, "-H", `Content-Type: ${type}`, "--data-binary", `@${file?.name ?? "rows.csv"}`, fullUrl(skipping(false)).href];
}

begin();
