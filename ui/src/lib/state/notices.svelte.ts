// Short messages that confirm something and go away by themselves. Errors stay next to what caused them instead.

export interface Notice {
  id: number;
  text: string;
}

const SHOWN_MS = 5000;

export class Notices {
  items = $state<Notice[]>([]);
  #next = 1;

  say(text: string): void {
    const id = this.#next++;
    // The same message twice is one message, shown longer.
    this.items = [...this.items.filter((notice) => notice.text !== text), { id, text }].slice(-3);
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.items = this.items.filter((notice) => notice.id !== id);
  }
}
