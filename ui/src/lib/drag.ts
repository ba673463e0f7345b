// Dragging one item of a vertical list by its grip: where it would be dropped, and when it was.
import { dropIndex } from "./reorder";

export interface Drag {
  grip: HTMLElement;
  pointerId: number;
  from: number;
  items: () => readonly HTMLElement[];
  onover: (to: number) => void;
  /** Null: it was called off. */
  ondrop: (to: number | null) => void;
}

export function startDrag({ grip, pointerId, from, items, onover, ondrop }: Drag): void {
  let to = from;
  grip.setPointerCapture(pointerId);
  const over = (event: PointerEvent) => {
    to = dropIndex(items().map((item) => item.getBoundingClientRect()), from, event.clientY);
    onover(to);
  };
  const end = (target: number | null) => {
    grip.removeEventListener("pointermove", over);
    grip.removeEventListener("pointerup", drop);
    grip.removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", escape, true);
    ondrop(target);
  };
  const drop = () => end(to);
  const cancel = () => end(null);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end(null);
  };
  grip.addEventListener("pointermove", over);
  grip.addEventListener("pointerup", drop);
  grip.addEventListener("pointercancel", cancel);
  addEventListener("keydown", escape, true);
}
