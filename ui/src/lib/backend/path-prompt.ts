// A browser cannot give a file's path, so the development host asks for it in words.

export interface PathQuestion {
  title: string;
  label: string;
  button: string;
  value?: string;
}

export function askForPath({ title, label, button, value = "" }: PathQuestion): Promise<string | null> {
  const dialog = document.createElement("dialog");
  dialog.className = "path-prompt";
  dialog.setAttribute("aria-label", title);
  const form = document.createElement("form");
  form.method = "dialog";
  const field = document.createElement("label");
  field.textContent = label;
  const input = document.createElement("input");
  input.name = "path";
  input.value = value;
  input.dataset.testid = "path-input";
  field.append(input);
  const open = document.createElement("button");
  open.value = "open";
  open.textContent = button;
  open.dataset.testid = "path-open";
  const cancel = document.createElement("button");
  cancel.value = "cancel";
  cancel.formNoValidate = true;
  cancel.textContent = "Cancel";
  form.append(field, open, cancel);
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
