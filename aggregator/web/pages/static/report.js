// A report's page: fields that are empty or hold their defaults stay out of the URL; downloads show how far they are.
import { downloads } from "./download.js";
import { atDefaults, fieldsOf } from "./form.js";

// Behind a proxy only the browser knows under which path the service is.
const curl = document.querySelector("#curl");
if (curl) curl.textContent = curl.textContent.replace(/'http.*$/, `'${new URL(curl.dataset.url, location.href)}'`);

const form = document.querySelector("#form");

form?.addEventListener("submit", () => {
  const unchanged = atDefaults(form);
  const empty = [...fieldsOf(form)].filter(
    (each) => each.name && (each.value === "" || unchanged.has(each.name)) && !each.disabled,
  );
  for (const each of empty) each.disabled = true;
  // When the reader comes back, the fields can be filled in again.
  setTimeout(() => { for (const each of empty) each.disabled = false; });
});

downloads(document.querySelector("#progress"));
