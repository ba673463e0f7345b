// What rows of the dataset are called on the screen, and how the list of them is narrowed.
import type { ExampleFilter, ExampleSummary, Reason, SideView } from "./bindings";
import { whole } from "./format";

export const NO_FILTER: ExampleFilter = {
  query: null, useCaseId: null, sessionId: null, scope: null, split: null, reason: null, pending: null, paired: null,
};

export interface FilterOption {
  id: string;
  label: string;
  set: Partial<ExampleFilter>;
}

/** Each group is about one field; of its options one at most is on. */
export const FILTERS: readonly { label: string; help: string; options: readonly FilterOption[] }[] = [
  {
    label: "State",
    help: "An example is finished when the step that it belongs to was accepted.",
    options: [
      { id: "complete", label: "Finished", set: { pending: false } },
      { id: "pending", label: "Waiting", set: { pending: true } },
    ],
  },
  {
    label: "Sides",
    help: "Both sides teach what to prefer; one side only teaches what to write.",
    options: [
      { id: "paired", label: "With a rejected version", set: { paired: true } },
      { id: "single", label: "Only accepted", set: { paired: false } },
    ],
  },
  {
    label: "Why it was rejected",
    help: "",
    options: [
      { id: "error", label: "Failed its check", set: { reason: "error" } },
      { id: "redo", label: "Redo", set: { reason: "redo" } },
      { id: "furtherEdit", label: "Further edit", set: { reason: "furtherEdit" } },
      { id: "handEdit", label: "You rewrote it", set: { reason: "handEdit" } },
    ],
  },
  {
    label: "Used for",
    help: "What is held out is never trained on: new models are tested with it.",
    options: [
      { id: "train", label: "Training", set: { split: "train" } },
      { id: "heldOut", label: "Testing", set: { split: "heldOut" } },
    ],
  },
  {
    label: "Sharing",
    help: "Only communal examples may ever leave this computer.",
    options: [
      { id: "private", label: "Private", set: { scope: "private" } },
      { id: "communal", label: "Communal", set: { scope: "communal" } },
    ],
  },
];

const OPTIONS: readonly FilterOption[] = FILTERS.flatMap((group) => group.options);

export function isOn(filter: ExampleFilter, option: FilterOption): boolean {
  return Object.entries(option.set).every(([field, value]) => filter[field as keyof ExampleFilter] === value);
}

export function activeOptions(filter: ExampleFilter): readonly FilterOption[] {
  return OPTIONS.filter((option) => isOn(filter, option));
}

/** The filter with this option on, or off if it was on. */
export function toggled(filter: ExampleFilter, id: string): ExampleFilter {
  const option = OPTIONS.find((one) => one.id === id);
  if (!option) return filter;
  if (!isOn(filter, option)) return { ...filter, ...option.set };
  const off = Object.fromEntries(Object.keys(option.set).map((field) => [field, null]));
  return { ...filter, ...off };
}

/** Whether anything but the use case narrows the list. */
export function isNarrowed(filter: ExampleFilter): boolean {
  return Object.entries(filter).some(([field, value]) => field !== "useCaseId" && value !== null);
}

export const REASON_WORDS: Record<Reason, string> = {
  error: "Failed its check", redo: "Redo", furtherEdit: "Further edit", handEdit: "You rewrote it",
};

/** What became of the attempt, in two or three words. */
export function fate(row: ExampleSummary): string {
  if (row.reason !== null) return REASON_WORDS[row.reason];
  return row.pending ? "Not judged yet" : "Accepted at once";
}

export function examples(count: number): string {
  return count === 1 ? "1 example" : `${whole(count)} examples`;
}

export function foundWords(count: number, atLeast: boolean): string {
  if (count === 0) return "No examples";
  return atLeast ? `At least ${examples(count)}` : examples(count);
}

/** The work itself, without the reasoning; null where none could be found in what was written. */
export function workOf(side: SideView | null, name?: string): string | null {
  if (!side || side.files.length === 0) return null;
  const file = side.files.find((one) => one.name === name) ?? (name === undefined ? side.files[0] : undefined);
  return file?.text ?? null;
}

/** The names of all files of either side, in the order of the chosen side. */
export function fileNames(...sides: (SideView | null)[]): string[] {
  return [...new Set(sides.flatMap((side) => side?.files.map((file) => file.name) ?? []))];
}
