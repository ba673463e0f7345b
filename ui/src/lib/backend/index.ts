import { type Backend } from "./backend";
import { findToken, httpBackend } from "./http";
import { tauriBackend } from "./tauri";

export * from "./backend";

/** Chosen at run time: the same bundle serves the window and the browser tests. */
export function chooseBackend(): Backend {
  if ("__TAURI_INTERNALS__" in window) return tauriBackend;
  return httpBackend({ token: findToken(document, location.hash) });
}
