// Asked before something is deleted.

const dialog = document.getElementById("confirm");

/** Ask, saying what it is about; whether the answer was yes. Escape is no. */
export function confirmed(what) {
  document.getElementById("confirm-what").textContent = what;
  dialog.returnValue = "";
  dialog.showModal();
  document.getElementById("confirm-no").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.getElementById("confirm-yes")?.addEventListener("click", () => dialog.close("yes"));
document.getElementById("confirm-no")?.addEventListener("click", () => dialog.close(""));
