// The choice of a file, by the field, by dropping it or by pasting rows, and the look at its beginning.

import { element, size } from "./elements.js";
import { dataOf } from "./form.js";
import { beginning, isUnchanged, mediaType } from "./send-file.js";
import { givenParameters, inputOptions, target } from "./send-form.js";
import { matching, readAs, rowsTable } from "./send-preview.js";
import { say } from "./send-progress.js";
import { Stopped, send } from "./send-request.js";

export const CHANGED = "The file was changed or removed after you chose it. Choose it again.";

const form = document.getElementById("send");
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const error = document.getElementById("file-error");
const preview = document.getElementById("preview");
const sheet = document.getElementById("field-sheet");
const pasted = document.getElementById("pasted");
const mostBytes = Number(dataOf(form).mostBytes);

/** The chosen file; null when there is none, or none that can be sent. */
export let file = null;

let seen = null;
let looking = null;

/** Let a file be chosen. onChange: called when another is, and when it is to be read in another way. */
export function beginChoice(onChange) {
  const chosen = (files) => {
    choose(files);
    onChange();
    look();
  };
  input.addEventListener("change", () => chosen([...input.files]));
  document.getElementById("options").addEventListener("change", () => {
    onChange();
    look();
  });
  document.getElementById("paste").hidden = false;
  document.getElementById("use-pasted").addEventListener("click", () => chosen(ofText(pasted.value)));
  document.addEventListener("dragover", allowDrop);
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
  document.addEventListener("drop", takeDrop);
  if (input.files.length) chosen([...input.files]);
}

/** Say what is wrong with the file, or that nothing is. */
export function refuse(text) {
  error.textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Keep the file as it is, or let another be chosen. */
export function lock(isLocked) {
  input.disabled = isLocked;
  document.getElementById("use-pasted").disabled = isLocked;
}

/** Mark rows of the preview that a check has refused. */
export function markRefused(rows) {
  if (seen) showRows(rows);
}

function ofText(text) {
  input.value = "";
  return text.trim() ? [new File([text], "pasted rows.csv", { type: "text/csv" })] : [];
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
  if (input.disabled) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function choose(files) {
  looking?.abort();
  file = files.length === 1 ? files[0] : null;
  sheet.replaceChildren(element("option", { value: "" }, "the first sheet with these columns"));
  hidePreview();
  refuse(files.length > 1 ? "Choose one file at a time." : "");
  if (file && file.size > mostBytes) {
    refuse(`The file is too large: ${size(file.size)}. The limit is ${size(mostBytes)}.`);
    file = null;
  }
}

/** Show the first rows, and what the file is taken for. */
async function look() {
  looking?.abort();
  if (!file) return;
  looking = new AbortController();
  const { signal } = looking;
  const looked = file;
  refuse("");
  say(`Reading ${looked.name}`, true);
  try {
    const url = target(form, givenParameters(form), [["preview", "20"], ...inputOptions(form)]);
    const headers = { "Content-Type": mediaType(looked) };
    const answer = await send({ method: dataOf(form).method, url, headers, body: await beginning(looked), signal });
    if (signal.aborted) return;
    if (answer.ok) showPreview(answer.said);
    else refusePreview(answer);
  } catch (failure) {
    if (failure instanceof Stopped || signal.aborted) return;
    hidePreview();
    refuse((await isUnchanged(looked)) ? "The server is not reachable. Try again." : CHANGED);
    say("");
  }
}

function showPreview(said) {
  seen = said;
  document.getElementById("read-as").textContent = `${file.name}, ${size(file.size)}: ${readAs(said.read_as)}`;
  document.getElementById("matching").replaceChildren(...matching(said));
  showSheets(said);
  showRows();
  preview.hidden = false;
  const wrong = [...document.querySelectorAll("#matching .error")].map((each) => each.textContent);
  say([`${file.name} was read as ${readAs(said.read_as)}.`, ...wrong].join(" "));
}

function showRows(refused = []) {
  const none = element("p", { class: "none" }, "No rows below the header line.");
  document.getElementById("rows").replaceChildren(seen.rows.length ? rowsTable(seen, refused) : none);
}

function showSheets({ sheets = [], read_as: { sheet: read } }) {
  if (sheets.length < 2) return;
  sheet.replaceChildren(...sheets.map((name) => element("option", { value: name, selected: name === read }, name)));
  document.getElementById("options").open = true;
}

function refusePreview(answer) {
  hidePreview();
  const said = answer.said ?? {};
  refuse([said.detail ?? `The server responded with ${answer.status}.`, said.hint].filter(Boolean).join(" "));
  say(error.textContent);
}

function hidePreview() {
  preview.hidden = true;
  seen = null;
}
