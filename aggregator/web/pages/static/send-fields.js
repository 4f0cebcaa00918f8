// The page of an endpoint that takes fields: fill them in, send them, see what came of it.

import { element } from "./elements.js";
import { dataOf } from "./form.js";
import { counts, isSummary, shown, tables } from "./outcome.js";
import { box, clearFieldErrors, problemBox, showFieldErrors } from "./problem.js";
import { confirmed } from "./send-confirm.js";
import { keepCurl } from "./send-curl.js";
import { givenParameters, inPath, outsidePath, ownErrors, target } from "./send-form.js";
import { say, watched } from "./send-progress.js";
import { RequestKeys, Stopped, send } from "./send-request.js";

const form = document.getElementById("send");
const button = document.getElementById("run");
const outcome = document.getElementById("outcome");
const { method } = dataOf(form);
const isWrite = "writes" in dataOf(form);
const DONE = { POST: "Created", PUT: "Replaced", PATCH: "Changed", DELETE: "Deleted" };
const keys = new RequestKeys();
let isRunning = false;

function begin() {
  form.noValidate = true;
  button.disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  // The second half of a double click, when the first has already been answered.
  button.addEventListener("click", (event) => event.detail > 1 && event.preventDefault());
  keepCurl(form, curl)();
}

function members() {
  const pairs = outsidePath(form, givenParameters(form));
  return Object.fromEntries(pairs.map(([name, texts]) => [name, texts.length === 1 ? texts[0] : texts]));
}

async function run() {
  if (isRunning) return;
  clearFieldErrors(form);
  outcome.replaceChildren();
  outcome.hidden = true;
  const errors = ownErrors(form);
  if (errors.length) {
    showFieldErrors(form, errors);
    say("Some values are invalid. See the highlighted fields.");
    return;
  }
  const url = target(form, givenParameters(form));
  if (method === "DELETE" && !(await confirmed(named(url)))) return;
  if (isRunning) return;
  isRunning = true;
  button.disabled = true;
  try {
    showAnswer(await sendFields(url));
    keys.forget();
  } catch (error) {
    const again = isWrite ? `It is unknown whether anything was written. Choose ${button.textContent.replace("…", "")} again to see the result; nothing is written twice.` : "Try again.";
    outcome.replaceChildren(box(error instanceof Stopped ? "Stopped" : "The server is not reachable", again));
    say(outcome.querySelector("h2").textContent);
  } finally {
    isRunning = false;
    button.disabled = false;
    outcome.hidden = !outcome.childNodes.length;
    if (!outcome.hidden) outcome.focus();
  }
}

function named(url) {
  const given = givenParameters(form);
  const texts = inPath(form).map((name) => `${name} ${given[name]?.[0]}`);
  return texts.join(", ") || url.pathname;
}

function sendFields(url) {
  const body = JSON.stringify(members());
  const headers = { "Content-Type": "application/json" };
  if (isWrite) headers["Idempotency-Key"] = keys.of(`${url.href} ${body}`);
  return watched("Sending", "Working", (signal, onProgress) =>
    send({ method, url, headers, body: body === "{}" ? null : body, onProgress, signal }),
  );
}

function showAnswer(answer) {
  const { said } = answer;
  if (!answer.ok) {
    const others = showFieldErrors(form, said?.errors ?? []);
    const isAllSaid = said?.errors?.length && !others.length;
    say(said?.detail ?? `The server responded with ${answer.status}.`);
    if (!isAllSaid) outcome.replaceChildren(problemBox({ ...answer, said: said && { ...said, errors: others } }));
    return;
  }
  const title = isWrite ? (method === "POST" && answer.status !== 201 ? "Done" : DONE[method]) : "Response";
  const what = isSummary(said) ? [counts(said), tables(said)] : [shown(said ?? answer.text)];
  outcome.replaceChildren(element("h2", { class: "good" }, title), ...what.filter(Boolean));
  say(`${title}.`);
}

function curl() {
  const body = JSON.stringify(members());
  const how = method === "POST" ? [] : ["-X", method];
  const data = body === "{}" && method !== "POST" ? [] : ["-H", "Content-Type: application/json", "-d", body];
  return ["curl", ...how, ...data, target(form, givenParameters(form)).href];
}

begin();
