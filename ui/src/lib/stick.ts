// Keeps a scrolling area at its end while text is added, until the reader scrolls away.

const NEAR = 32;

export class StickToBottom {
  #top = 0;
  #height = 0;
  #stuck = true;

  constructor(
    private area: HTMLElement,
    private changed: (stuck: boolean) => void,
  ) {}

  get stuck(): boolean {
    return this.#stuck;
  }

  /** After any scroll event. */
  scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.area;
    const atEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
    // Content that shrinks moves the area up too; only a reader moves it up while the height stays.
    const byReader = scrollTop < this.#top - 1 && scrollHeight >= this.#height;
    if (atEnd) this.#set(true);
    else if (byReader) this.#set(false);
    this.#top = scrollTop;
    this.#height = scrollHeight;
  }

  /** After the content has changed. */
  grown(): void {
    // The reader may have scrolled since: the event of that comes only with the next frame.
    this.scrolled();
    if (this.#stuck) this.#toEnd();
    else this.#height = this.area.scrollHeight;
  }

  jump(): void {
    this.#set(true);
    this.#toEnd();
  }

  #toEnd(): void {
    this.area.scrollTop = this.area.scrollHeight;
    this.#top = this.area.scrollTop;
    this.#height = this.area.scrollHeight;
  }

  #set(stuck: boolean): void {
    if (stuck === this.#stuck) return;
    this.#stuck = stuck;
    this.changed(stuck);
  }
}
