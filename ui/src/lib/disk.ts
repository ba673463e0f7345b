// Sizes on the disk: the steps of a limit, and what each kind of data takes.

const MB = 1e6;
const GB = 1e9;

/** From a few evenings to a year of work. */
export const CAPS: readonly number[] = [100 * MB, 250 * MB, 500 * MB, GB, 2 * GB, 5 * GB, 10 * GB, 20 * GB, 50 * GB];

/** The nearest step. */
export function capStep(bytes: number): number {
  let best = 0;
  for (const [index, cap] of CAPS.entries()) {
    if (Math.abs(Math.log(cap / bytes)) < Math.abs(Math.log((CAPS[best] ?? cap) / bytes))) best = index;
  }
  return best;
}

/** The parts of a bar in percent; what is there is always to be seen. */
export function shares(sizes: readonly number[], least = 2): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (all <= 0) return sizes.map(() => 0);
  const raised = sizes.map((size) => (size <= 0 ? 0 : Math.max(least, (size / all) * 100)));
  const sum = raised.reduce((total, share) => total + share, 0);
  return raised.map((share) => (share / sum) * 100);
}
