// The signs of agents, kinds and states, the same everywhere in the Workshop.
import Braces from "@lucide/svelte/icons/braces";
import CircleCheck from "@lucide/svelte/icons/circle-check";
import CirclePause from "@lucide/svelte/icons/circle-pause";
import CircleStop from "@lucide/svelte/icons/circle-stop";
import Compass from "@lucide/svelte/icons/compass";
import Ear from "@lucide/svelte/icons/ear";
import FileText from "@lucide/svelte/icons/file-text";
import Gamepad2 from "@lucide/svelte/icons/gamepad-2";
import Hammer from "@lucide/svelte/icons/hammer";
import Hand from "@lucide/svelte/icons/hand";
import MapIcon from "@lucide/svelte/icons/map";
import Loader from "@lucide/svelte/icons/loader";
import SquareTerminal from "@lucide/svelte/icons/square-terminal";
import type { Agent, ArtifactKind, SessionStatus } from "../../lib/bindings";

export const KIND_ICONS: Record<ArtifactKind, typeof Hammer> = {
  markdown: FileText, python: SquareTerminal, page: Gamepad2, json: Braces,
};

export const AGENT_ICONS: Record<Agent, typeof Hammer> = { planner: MapIcon, lead: Compass, worker: Hammer, analyst: Ear };

export const STATUS_ICONS: Record<SessionStatus, typeof Hammer> = {
  working: Loader, needsYou: Hand, paused: CirclePause, finished: CircleCheck, stopped: CircleStop,
};
