// The user's own changes to the newest result. A result that arrives meanwhile never overwrites them, nor does a reload.
import type { FileText } from "../bindings";
import { sameFiles } from "../session/look";
import type { Draft } from "./drafts";

/** The changes as they are kept. */
interface Kept {
  attempt: string | null;
  base: FileText[];
  texts: Record<string, string>;
}

export class HandEdit {
  /** What the changes are made to. */
  base = $state.raw<FileText[]>([]);
  /** A newer result has arrived since. */
  overtaken = $state(false);
  #texts = $state.raw<Record<string, string>>({});
  /** Whose result the base is; null: no attempt's. */
  #attempt: string | null = null;
  #newest: { files: FileText[]; attempt: string | null } = { files: [], attempt: null };

  files = $derived(this.base.map(({ name, text }) => ({ name, text: this.#texts[name] ?? text })));
  dirty = $derived(!sameFiles(this.files, this.base));

  constructor(private draft: Draft) {
    const kept = read(draft.read());
    if (!kept) return;
    this.base = kept.base;
    this.#texts = kept.texts;
    this.#attempt = kept.attempt;
  }

  /** The newest result, whose it is, and which attempts there are. */
  offer(files: FileText[], attempt: string | null = null, exists: (attempt: string) => boolean = () => true): void {
    this.#newest = { files, attempt };
    const gone = this.#attempt !== null && !exists(this.#attempt);
    if (gone || !this.dirty || sameFiles(this.files, files)) this.reset();
    else this.overtaken = !sameFiles(files, this.base);
  }

  change(name: string, text: string): void {
    this.#texts = { ...this.#texts, [name]: text };
    // Typed back to what was there: nothing is lost by going on with the newest.
    if (this.overtaken && !this.dirty) this.reset();
    else this.#keep();
  }

  /** Drops the changes and goes on with the newest result. */
  reset(): void {
    this.base = this.#newest.files;
    this.#attempt = this.#newest.attempt;
    this.#texts = {};
    this.overtaken = false;
    this.#keep();
  }

  #keep(): void {
    const kept: Kept = { attempt: this.#attempt, base: this.base, texts: this.#texts };
    this.draft.write(this.dirty ? JSON.stringify(kept) : "");
  }
}

function read(text: string): Kept | null {
  if (text === "") return null;
  try {
    return JSON.parse(text) as Kept;
  } catch {
    return null;
  }
}
