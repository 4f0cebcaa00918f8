// The request as a command for a shell.

/** A command line. parts: its words, as they are meant. */
export function commandLine(parts) {
  return parts.map(quoted).join(" ");
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** Show the command that `make` gives whenever the form changes, and let it be copied. */
export function keepCurl(form, make) {
  const shown = document.getElementById("curl");
  const show = () => {
    shown.textContent = commandLine(make());
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  const copy = document.getElementById("copy-curl");
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      copy.textContent = "Selected. Copy it with the keyboard.";
    }
  });
  return show;
}
