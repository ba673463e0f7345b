// The shape of OpZest: a slice of citrus. One geometry for the mark, the context meter and the "at work" sign.

function point(angle: number, radius: number, cx: number, cy: number): string {
  const x = cx + radius * Math.sin(angle);
  const y = cy - radius * Math.cos(angle);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

/** Paths of `count` segments around (cx, cy), clockwise from the top, with `gap` units of pith between neighbours. */
export function segments(count: number, radius: number, gap: number, cx = 12, cy = 12): string[] {
  return Array.from({ length: count }, (_, index) => {
    const from = (index * 2 * Math.PI) / count;
    const to = ((index + 1) * 2 * Math.PI) / count;
    const middle = (from + to) / 2;
    // Both straight sides move inwards by half the gap, so that the pith has the same width everywhere.
    const inner = gap / 2 / Math.sin((to - from) / 2);
    const turn = Math.asin(gap / 2 / radius);
    return (
      `M${point(middle, inner, cx, cy)}L${point(from + turn, radius, cx, cy)}` +
      `A${radius} ${radius} 0 0 1 ${point(to - turn, radius, cx, cy)}Z`
    );
  });
}
