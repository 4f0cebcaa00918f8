// Problem documents (RFC 9457): shown as text, what is wrong with a field beside it.

import { element } from "./elements.js";
import { fieldsOf } from "./form.js";

/** What is shown of an answer that is no success; `said` may be missing. */
export function problemBox({ status, said }) {
  if (!said) {
    return box(`The server responded with ${status}`, "No reason was given. The response may come from a proxy.");
  }
  const errors = (said.errors ?? []).map((error) =>
    element("li", {}, element("code", {}, error.parameter), error.given ? ` (${error.given}) ` : " ", error.message),
  );
  const faults = (said.faults ?? []).map((fault) =>
    element("li", {}, element("code", {}, fault.line ? `${fault.file}:${fault.line}` : fault.file), " ", fault.message),
  );
  const detail = errors.length || faults.length ? null : element("p", {}, said.detail ?? "");
  const list = errors.length || faults.length ? element("ul", { class: "faults" }, errors, faults) : null;
  return box(said.title ?? `The server responded with ${status}`, detail, list, said.hint && element("p", { class: "hint" }, said.hint));
}

/** A box that says what is wrong. */
export function box(title, ...content) {
  const shown = content.map((each) => (typeof each === "string" ? element("p", {}, each) : each || null));
  return element("div", { class: "problem" }, element("h2", {}, title), shown);
}

/** Take away what was said of the fields of a form. */
export function clearFieldErrors(form) {
  for (const said of form.querySelectorAll(".error.of-field")) said.remove();
  for (const field of form.querySelectorAll(".field.wrong")) field.classList.remove("wrong");
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => !/^field-.*-error$/.test(id));
    if (others.join(" ")) input.setAttribute("aria-describedby", others.join(" "));
    else input.removeAttribute("aria-describedby");
  }
}

/** Say beside each field what is wrong with it; gives the errors that belong to none. */
export function showFieldErrors(form, errors) {
  const others = errors.filter((error) => !showFieldError(form, error));
  form.querySelector("[aria-invalid]")?.focus();
  return others;
}

function showFieldError(form, { parameter, message }) {
  const inputs = [...fieldsOf(form)].filter((each) => each.name === parameter && each.closest(".field"));
  if (!inputs.length) return false;
  const field = inputs[0].closest(".field");
  const fold = inputs[0].closest("details");
  if (fold) fold.open = true;
  const id = `field-${parameter}-error`;
  field.classList.add("wrong");
  field.querySelector(".error.of-field")?.remove();
  // Before the help, as the server puts it.
  field.insertBefore(element("p", { class: "error of-field", id }, message), field.querySelector(".help"));
  for (const input of inputs) {
    const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== id);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", [...others, id].join(" "));
  }
  return true;
}
