// The form of a request: where it goes, and what its fields give.
import { atDefaults, dataOf, fieldsOf } from "./form.js";

/** The values of the parameters by name, each a list of texts; what is empty or a default is not given. */
export function givenParameters(form) {
  const given = {};
  const unchanged = atDefaults(form);
  for (const input of fieldsOf(form)) {
    if (!input.name || !input.closest(".field") || input.closest("#options")) continue;
    if (input.type === "checkbox" && !input.checked) continue;
    if (unchanged.has(input.name) && !inPath(form).includes(input.name)) continue;
    if (input.value !== "") (given[input.name] ??= []).push(input.value);
  }
  return given;
}

/** What is wrong with the fields before anything can be sent: no number, or nothing for the path. */
export function ownErrors(form) {
  const given = givenParameters(form);
  const errors = [...fieldsOf(form)]
    .filter((input) => input.validity?.badInput)
    .map((input) => ({ parameter: input.name, message: input.validationMessage }));
  for (const name of inPath(form)) {
    const text = given[name]?.[0] ?? "";
    if (errors.some((error) => error.parameter === name)) continue;
    if (text === "") errors.push({ parameter: name, message: "is required" });
    else if (text === "." || text === "..") errors.push({ parameter: name, message: "cannot be only dots" });
  }
  return errors;
}

/** The names of the parameters that are part of the path. */
export function inPath(form) {
  return dataOf(form).inPath.split(" ").filter(Boolean);
}

/** The URL with its path filled in. query: pairs of name and text. */
export function target(form, given, query = []) {
  let path = dataOf(form).url.replace(/^\//, "");
  path = path.split("/").map((part) => filled(part, given)).join("/");
  const url = new URL(dataOf(form).root + path, document.baseURI);
  url.search = new URLSearchParams(query).toString();
  return url;
}

function filled(part, given) {
  const name = part.match(/^\{(\w+)\}$/)?.[1];
  return name === undefined ? part : encodeURIComponent(given[name]?.[0] ?? `{${name}}`);
}

/** The parameters that are not part of the path. */
export function outsidePath(form, given) {
  const names = inPath(form);
  return Object.entries(given).filter(([name]) => !names.includes(name));
}

/** How a file is to be read, as far as it is said: pairs of name and text. */
export function inputOptions(form) {
  return ["delimiter", "encoding", "sheet", "header_line", "date_order"].map((name) => [name, fieldsOf(form)[name]?.value ?? ""]).filter(([, text]) => text !== "");
}
