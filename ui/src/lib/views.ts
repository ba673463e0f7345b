// The window's main views, in the order of the rail. This is the only list: a view shows up in the rail, among the
// keys and in what is remembered as soon as it is `built`; its page is chosen in App.svelte.

export type ViewId = "workshop" | "harvest" | "assistant" | "teachers" | "train";

export interface View {
  id: ViewId;
  label: string;
  /** With Ctrl. It belongs to the view, so that hands remember it when other views come. */
  key: string;
  built: boolean;
}

export const VIEWS: readonly View[] = [
  { id: "workshop", label: "Workshop", key: "1", built: true },
  { id: "harvest", label: "Harvest", key: "2", built: true },
  { id: "assistant", label: "Assistant", key: "3", built: true },
  { id: "teachers", label: "Teachers", key: "4", built: true },
  { id: "train", label: "Train", key: "5", built: true },
];

export const BUILT: readonly View[] = VIEWS.filter((view) => view.built);

/** What to open: the view of last time, if it is (still) one, else the first. */
export function firstView(remembered: string | null, views: readonly View[] = BUILT): ViewId {
  const known = views.find((view) => view.id === remembered) ?? views[0];
  if (!known) throw new Error("lib/views.ts lists no view that is built");
  return known.id;
}
