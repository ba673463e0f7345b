// Runs in a preview before the page's own scripts: notes what goes wrong, and stands in for what a preview
// does not do. Its own file is not seen by the page, and lines of the page stay what they are. Everything it
// uses later is taken now, as a page may replace it. It protects nothing: a page can only deceive about itself.
(() => {
  "use strict";
  const MOST = 50;
  const LONGEST = 2000;
  const own = location.origin === "null" ? `${location.protocol}//${location.host}` : location.origin;
  const { apply, defineProperty } = Reflect;
  const { slice, split, indexOf, lastIndexOf } = String.prototype;
  const { addEventListener } = EventTarget.prototype;
  const { getAttribute } = Element.prototype;
  const { stringify } = JSON;
  const text = String;
  const number = Number;
  const ErrorType = Error;
  const { document, console } = window;
  const printError = console.error;

  let said = "";
  let count = 0;
  const known = { __proto__: null };

  const cut = (value) => apply(slice, value, [0, LONGEST]);

  function note(kind, message, address, line, column) {
    const entry = { __proto__: null, kind, message: cut(message), address: cut(text(address ?? "")) };
    entry.line = number(line) || 0;
    entry.column = number(column) || 0;
    const json = stringify(entry);
    if (count >= MOST || known[json]) return;
    known[json] = true;
    count += 1;
    said += said === "" ? json : `,${json}`;
  }

  /** A value of the page as text; reading it may run the page's own code. */
  function describe(value) {
    try {
      if (value instanceof ErrorType) return `${value.name}: ${value.message}`;
      if (typeof value === "object" && value !== null) return stringify(value) ?? text(value);
      return text(value);
    } catch {
      return "a value that cannot be shown";
    }
  }

  /** Where the page called from: WebKit's stack has lines `name@address:line:column`. */
  function caller() {
    const lines = apply(split, text(new ErrorType().stack), ["\n"]);
    for (let i = 0; i < lines.length; i += 1) {
      const start = apply(indexOf, lines[i], [own]);
      if (start < 0) continue;
      const second = apply(lastIndexOf, lines[i], [":"]);
      const first = apply(lastIndexOf, lines[i], [":", second - 1]);
      const part = (from, to) => apply(slice, lines[i], [from, to]);
      return { address: part(start, first), line: part(first + 1, second), column: part(second + 1) };
    }
    return { address: "", line: 0, column: 0 };
  }

  function failed({ target, message, error, filename, lineno, colno }) {
    if (!(target instanceof Element)) {
      note("uncaught", text(message || describe(error)), filename, lineno, colno);
      return;
    }
    const wanted = text(target.src || target.href || "");
    // What lies elsewhere was refused, and is noted as that.
    if (apply(indexOf, wanted, [own]) !== 0) return;
    const name = apply(getAttribute, target, ["src"]) ?? apply(getAttribute, target, ["href"]);
    note("missing", `<${target.localName}> asks for the file ${name}, which is not there or cannot be read`, location.href);
  }

  function rejected({ reason }) {
    const { line, column, sourceURL } = reason instanceof ErrorType ? reason : { __proto__: null };
    note("rejection", describe(reason), sourceURL, line, column);
  }

  function refused({ blockedURI, effectiveDirective, sourceFile, lineNumber, columnNumber }) {
    const message = `the page asks for ${blockedURI} (${effectiveDirective}); a page has only what is in its own files`;
    note("refused", message, sourceFile || location.href, lineNumber, columnNumber);
  }

  /** Asked for every now and then: that it answers shows that the page is alive. */
  function tell() {
    // document.open() takes listeners away; adding one that is there changes nothing.
    apply(addEventListener, window, ["error", failed, true]);
    apply(addEventListener, window, ["unhandledrejection", rejected, true]);
    apply(addEventListener, document, ["securitypolicyviolation", refused, true]);
    const all = `[${said}]`;
    said = "";
    return all;
  }

  defineProperty(window, "__opzestPreview", { value: tell });
  tell();

  console.error = (...values) => {
    let message = "";
    for (let i = 0; i < values.length; i += 1) message += (i ? " " : "") + describe(values[i]);
    const { address, line, column } = caller();
    note("console", message, address, line, column);
    apply(printError, console, values);
  };

  // Dialogs would hold the page, so what they say is written over it instead.
  function show(message) {
    if (!document.documentElement) return;
    const box = document.getElementById("opzest-preview-note") ?? document.createElement("div");
    box.id = "opzest-preview-note";
    box.setAttribute("role", "alert");
    box.title = "Click to close";
    box.style.cssText =
      "all:initial;position:fixed;left:50%;top:16px;transform:translateX(-50%);z-index:2147483647;max-width:80%;" +
      "padding:12px 18px;border-radius:10px;background:#222;color:#fff;font:15px sans-serif;white-space:pre-wrap;" +
      "overflow-wrap:anywhere;box-shadow:0 4px 18px #0006;cursor:pointer";
    box.textContent = cut(text(message ?? ""));
    box.onclick = () => box.remove();
    document.documentElement.append(box);
  }
  window.alert = (message) => show(message);
  window.confirm = (message) => {
    show(message);
    return true;
  };
  window.prompt = (message) => {
    const { address, line, column } = caller();
    note("refused", "prompt() asks nothing in a preview: put an input field on the page", address, line, column);
    show(message);
    return null;
  };
  window.print = () => {};
})();
