// The user's own changes to the newest result. A result that arrives meanwhile never overwrites them.
import type { FileText } from "../bindings";
import { sameFiles } from "../session/look";

export class HandEdit {
  /** What the changes are made to. */
  base = $state.raw<FileText[]>([]);
  /** A newer result has arrived since. */
  overtaken = $state(false);
  #texts = $state.raw<Record<string, string>>({});
  #newest: FileText[] = [];

  files = $derived(this.base.map(({ name, text }) => ({ name, text: this.#texts[name] ?? text })));
  dirty = $derived(!sameFiles(this.files, this.base));

  /** The newest result. */
  offer(files: FileText[]): void {
    this.#newest = files;
    if (!this.dirty) this.reset();
    else this.overtaken = !sameFiles(files, this.base);
  }

  change(name: string, text: string): void {
    this.#texts = { ...this.#texts, [name]: text };
    // Typed back to what was there: nothing is lost by going on with the newest.
    if (this.overtaken && !this.dirty) this.reset();
  }

  /** Drops the changes and goes on with the newest result. */
  reset(): void {
    this.base = this.#newest;
    this.#texts = {};
    this.overtaken = false;
  }
}
