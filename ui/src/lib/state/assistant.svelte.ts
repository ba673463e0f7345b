// Which conversation is on the screen. A conversation that is left while it is answered goes on being followed.
import type { Backend } from "../backend";
import type { Conversations } from "./conversations.svelte";
import { Drafts } from "./drafts";
import type { Models } from "./models.svelte";
import { Thread, type ThreadHooks } from "./thread.svelte";

const OPEN_KEY = "opzest.open";
const LOOK_AGAIN_MS = 1000;

export class Assistant {
  current = $state.raw<Thread>(undefined as unknown as Thread);
  /** Counts up whenever the composer should take the keyboard. */
  focusComposer = $state(1);
  #threads = new Map<string, Thread>();
  #deleted = new Set<string>();
  #drafts: Drafts;

  constructor(
    private backend: Backend,
    private conversations: Conversations,
    private models: Models,
    private storage: Storage | null,
    private nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work),
  ) {
    this.#drafts = new Drafts(storage);
    this.current = this.#make(null);
  }

  #make(id: string | null): Thread {
    const hooks: ThreadHooks = {
      changed: (summary) => {
        // An answer may end after its conversation was deleted.
        if (!this.#deleted.has(summary.id)) this.conversations.put(summary);
      },
      usableModel: (id) =>
        id === null || !this.models.ready || this.models.find(id) ? id : (this.models.selected?.id ?? null),
      named: (thread) => {
        if (thread.id !== null) this.#threads.set(thread.id, thread);
        if (thread === this.current) this.#remember(thread.id);
      },
      nextFrame: this.nextFrame,
      later: (work) => {
        setTimeout(() => {
          if (this.#threads.get(id ?? "") === this.current) work();
        }, LOOK_AGAIN_MS);
      },
    };
    return new Thread(this.backend, this.#drafts, hooks, id);
  }

  #remember(id: string | null): void {
    try {
      if (id === null) this.storage?.removeItem(OPEN_KEY);
      else this.storage?.setItem(OPEN_KEY, id);
    } catch {
      // Only a convenience of reloading.
    }
  }

  /** After a reload: the conversation that was on the screen. */
  async restore(): Promise<void> {
    const id = this.storage?.getItem(OPEN_KEY) ?? null;
    if (id === null) return;
    await this.open(id);
    if (this.current.id === id && this.current.failure?.error.code === "not_found") this.openNew();
  }

  openNew(draft?: string): void {
    const thread = this.#make(null);
    if (draft !== undefined) thread.draft = draft;
    this.current = thread;
    this.#remember(null);
    this.focusComposer += 1;
  }

  async open(id: string): Promise<void> {
    const known = this.#threads.get(id);
    const thread = known ?? this.#make(id);
    this.#threads.set(id, thread);
    this.current = thread;
    this.#remember(id);
    this.focusComposer += 1;
    if (!thread.run) await thread.open();
  }

  async remove(id: string): Promise<boolean> {
    // Nothing more is to be written into it.
    const thread = this.#threads.get(id);
    if (thread?.run) await thread.stop();
    if (!(await this.conversations.remove(id))) return false;
    this.#deleted.add(id);
    this.#threads.delete(id);
    this.#drafts.write(id, "");
    if (this.current.id === id) this.openNew();
    return true;
  }

  /** Conversations that are being answered right now. */
  isBusy(id: string): boolean {
    return this.#threads.get(id)?.run != null || (this.current.id === id && this.current.run != null);
  }
}
