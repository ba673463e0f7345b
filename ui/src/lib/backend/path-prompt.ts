// A browser cannot give a file's path, so the development host asks for it in words.

export function askForPath(): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.className = "path-prompt";
  dialog.setAttribute("aria-label", "Open a model file");
  const form = document.createElement("form");
  form.method = "dialog";
  const label = document.createElement("label");
  label.textContent = "Path of a GGUF file on this computer";
  const input = document.createElement("input");
  input.name = "path";
  input.dataset.testid = "path-input";
  label.append(input);
  const open = document.createElement("button");
  open.value = "open";
  open.textContent = "Open";
  open.dataset.testid = "path-open";
  const cancel = document.createElement("button");
  cancel.value = "cancel";
  cancel.formNoValidate = true;
  cancel.textContent = "Cancel";
  form.append(label, open, cancel);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const path = input.value.trim();
      dialog.remove();
      resolve(dialog.returnValue === "open" && path !== "" ? path : null);
    });
    dialog.showModal();
  });
}
