// The page on which a session begins: what is wanted, with what, and where it belongs. Kept while the user looks
// elsewhere; the words survive a reload.
import { toUiError, type Backend } from "../backend";
import type { FileText, Scope, SessionView, UiError } from "../bindings";
import type { Drafts } from "./drafts";

const DRAFT = "workshop";

export class SessionStart {
  files = $state.raw<FileText[]>([]);
  /** Null: the planner chooses. */
  workflow = $state<string | null>(null);
  /** Null: the workflow's own. */
  useCaseId = $state<string | null>(null);
  scope = $state<Scope>("private");
  /** The user's own steps; blank ones do not count. */
  plan = $state.raw<string[]>([]);
  starting = $state(false);
  error = $state<UiError | null>(null);
  #request = $state("");

  steps = $derived(this.plan.map((step) => step.trim()).filter((step) => step !== ""));
  canStart = $derived(!this.starting && this.#request.trim() !== "");

  constructor(
    private backend: Backend,
    private drafts: Drafts,
  ) {
    this.#request = drafts.read(DRAFT);
  }

  get request(): string {
    return this.#request;
  }

  set request(text: string) {
    this.#request = text;
    this.error = null;
    this.drafts.write(DRAFT, text);
  }

  /** Files of the same name replace each other. */
  addFiles(files: readonly FileText[]): void {
    const added = new Map(this.files.map((file) => [file.name, file.text]));
    for (const { name, text } of files) added.set(name, text);
    this.files = [...added].map(([name, text]) => ({ name, text }));
  }

  removeFile(name: string): void {
    this.files = this.files.filter((file) => file.name !== name);
  }

  /** The session that has begun; null if it could not (then `error` says why). */
  async start(): Promise<SessionView | null> {
    if (!this.canStart) return null;
    this.starting = true;
    this.error = null;
    try {
      const view = await this.backend.call("new_session", {
        request: this.#request.trim(), files: this.files, workflow: this.workflow, useCaseId: this.useCaseId,
        scope: this.scope, plan: this.steps,
      });
      this.request = "";
      this.files = [];
      this.plan = [];
      return view;
    } catch (thrown) {
      this.error = toUiError(thrown);
      return null;
    } finally {
      this.starting = false;
    }
  }
}
