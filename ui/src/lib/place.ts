// Where a floating panel goes: below its anchor if there is room, else above; never outside the window.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Place {
  left: number;
  top: number;
  maxHeight: number;
}

const EDGE = 8;

export function place(
  anchor: Box,
  panel: { width: number; height: number },
  view: { width: number; height: number },
  align: "start" | "end" | "center" = "start",
  gap = 6,
): Place {
  const wanted =
    align === "start"
      ? anchor.left
      : align === "end"
        ? anchor.right - panel.width
        : (anchor.left + anchor.right - panel.width) / 2;
  const left = Math.max(EDGE, Math.min(wanted, view.width - panel.width - EDGE));
  const below = view.height - anchor.bottom - gap - EDGE;
  const above = anchor.top - gap - EDGE;
  if (panel.height <= below || below >= above) return { left, top: anchor.bottom + gap, maxHeight: Math.max(below, 80) };
  const height = Math.min(panel.height, above);
  return { left, top: anchor.top - gap - height, maxHeight: Math.max(above, 80) };
}
