// A text that grows while it is written: finished blocks are rendered once, only the last one again and again.
import { lastBlockStart, renderBlocks, type Block } from "./render";

export class GrowingMarkdown {
  #text = "";
  /** Up to here the blocks are finished. */
  #settled = 0;
  #done: Block[] = [];

  /** The blocks of `text`; finished ones are the same objects as last time. `last`: nothing more will come. */
  update(text: string, last: boolean): Block[] {
    if (last) {
      // Whole, because a link may be defined at the very end; unchanged blocks keep their identity.
      const known = new Map(this.#done.map((block) => [block.raw, block]));
      this.#reset();
      return renderBlocks(text).map((block) => {
        const before = known.get(block.raw);
        return before && same(before, block) ? before : block;
      });
    }
    if (!text.startsWith(this.#text)) this.#reset();
    this.#text = text;
    const tail = text.slice(this.#settled);
    const start = lastBlockStart(tail);
    if (start > 0) {
      this.#done = [...this.#done, ...renderBlocks(tail.slice(0, start))];
      this.#settled += start;
    }
    return [...this.#done, ...renderBlocks(text.slice(this.#settled))];
  }

  #reset(): void {
    this.#text = "";
    this.#settled = 0;
    this.#done = [];
  }
}

function same(a: Block, b: Block): boolean {
  if (a.kind === "html") return b.kind === "html" && a.html === b.html;
  return b.kind === "code" && a.code === b.code && a.language === b.language;
}
