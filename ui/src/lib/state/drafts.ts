// What the user has typed and not sent, per conversation and session; survives a reload, not the end of the app.

const NEW = "new";

/** One text of these. */
export interface Draft {
  read(): string;
  write(text: string): void;
}

export class Drafts {
  #memory = new Map<string, string>();

  constructor(private storage: Storage | null) {}

  #key(id: string | null): string {
    return `opzest.draft.${id ?? NEW}`;
  }

  at(id: string | null): Draft {
    return { read: () => this.read(id), write: (text) => this.write(id, text) };
  }

  read(id: string | null): string {
    const key = this.#key(id);
    return this.#memory.get(key) ?? this.storage?.getItem(key) ?? "";
  }

  write(id: string | null, text: string): void {
    const key = this.#key(id);
    this.#memory.set(key, text);
    try {
      if (text === "") this.storage?.removeItem(key);
      else this.storage?.setItem(key, text);
    } catch {
      // A full storage: the copy in memory still holds.
    }
  }
}
