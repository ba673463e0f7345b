// The whole window: how far it has started, and the parts that its pages share.
import { createContext } from "svelte";
import { toUiError, type Backend } from "../backend";
import type { AppInfo, UiError } from "../bindings";
import { Assistant } from "./assistant.svelte";
import { Conversations } from "./conversations.svelte";
import { DataFolder } from "./data-folder.svelte";
import { Harvest } from "./harvest.svelte";
import { Models } from "./models.svelte";
import { Notices } from "./notices.svelte";
import { Settings } from "./settings.svelte";
import { Workshop } from "./workshop.svelte";
import { Teachers } from "./teachers.svelte";
import { Training } from "./training.svelte";
import { firstView, type ViewId } from "../views";

export type Overlay = "settings" | "shortcuts" | null;

const VIEW_KEY = "opzest.view";
/** What is to be said after the page was loaded again. */
const SAID_KEY = "opzest.said";

/** Storage may be switched off or unreachable; everything works without it. */
function reach(find: () => Storage): Storage | null {
  try {
    return find();
  } catch {
    return null;
  }
}

export class App {
  info = $state.raw<AppInfo | null>(null);
  startError = $state<UiError | null>(null);
  starting = $state(true);
  welcomed = $state(false);
  overlay = $state<Overlay>(null);
  /** Of the settings, which part to open. */
  settingsTab = $state("answers");
  problem = $derived(this.startError ?? this.info?.problem ?? null);
  page = $derived(
    this.problem
      ? "problem"
      : !this.info
        ? "starting"
        : this.info.firstStart && !this.welcomed
          ? "welcome"
          : "views",
  );
  view = $state<ViewId>(firstView(null));
  readonly notices = new Notices();
  readonly conversations: Conversations;
  readonly models: Models;
  readonly settings: Settings;
  readonly assistant: Assistant;
  readonly workshop: Workshop;
  readonly harvest: Harvest;
  readonly teachers: Teachers;
  readonly training: Training;
  readonly folder: DataFolder;
  #reported = false;
  #storage = reach(() => localStorage);

  constructor(readonly backend: Backend) {
    const session = reach(() => sessionStorage);
    this.conversations = new Conversations(backend);
    this.models = new Models(backend);
    this.settings = new Settings(backend, document.documentElement, this.#storage);
    this.assistant = new Assistant(backend, this.conversations, this.models, session);
    this.workshop = new Workshop(backend, session);
    this.harvest = new Harvest(backend);
    this.teachers = new Teachers(backend, this.models);
    this.training = new Training(backend, session, () => void this.models.load());
    this.folder = new DataFolder(backend, () => this.#loadAgain(session, "The backup is restored."));
    this.#sayFromBefore(session);
    this.view = firstView(this.#storage?.getItem(VIEW_KEY) ?? null);
  }

  go(view: ViewId): void {
    this.view = view;
    try {
      this.#storage?.setItem(VIEW_KEY, view);
    } catch {
      // The next start opens on the first view.
    }
  }

  /** Opens a session in the Workshop. */
  showSession(id: string): void {
    this.workshop.open(id);
    this.go("workshop");
  }

  /** Opens an example in the Harvest. */
  showExample(id: string, useCaseId: string): void {
    this.harvest.chooseUseCase(useCaseId);
    this.harvest.show(id);
    this.go("harvest");
  }

  /** Opens the plan of a training run. */
  planTraining(useCaseId: string): void {
    this.training.planFor(useCaseId);
    this.go("train");
  }

  async start(): Promise<void> {
    this.starting = true;
    this.startError = null;
    try {
      this.info = await this.backend.call("app_info", {});
      if (!this.info.problem) {
        // Each part shows its own error; the composer waits for none of them.
        void this.conversations.load();
        void this.models.load();
        void this.settings.load();
        void this.assistant.restore();
      }
    } catch (thrown) {
      this.startError = toUiError(thrown);
    } finally {
      this.starting = false;
    }
  }

  async finishWelcome(): Promise<UiError | null> {
    try {
      await this.backend.call("finish_welcome", {});
      this.welcomed = true;
      return null;
    } catch (thrown) {
      return toUiError(thrown);
    }
  }

  /** Once per window: its first usable frame is on the screen. */
  reportReady(): void {
    if (this.#reported) return;
    this.#reported = true;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.backend.call("ui_ready", {}).catch(() => {
          // Only a measurement; a start that failed shows its problem anyway.
        });
        // Whether a run is at work is told beside Train; the first frame need not wait for it.
        if (this.info && !this.problem && this.training.overview === null) void this.training.look();
      }),
    );
  }

  #loadAgain(session: Storage | null, words: string): void {
    try {
      session?.setItem(SAID_KEY, words);
    } catch {
      // The result is seen without words too.
    }
    location.reload();
  }

  #sayFromBefore(session: Storage | null): void {
    const words = session?.getItem(SAID_KEY);
    if (!words) return;
    session?.removeItem(SAID_KEY);
    this.notices.say(words);
  }

  openSettings(tab = "answers"): void {
    this.settingsTab = tab;
    this.overlay = "settings";
  }

  async copy(text: string, said: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!copyTheOldWay(text)) {
        this.notices.say("The text could not be copied. Select it and copy it by hand.");
        return false;
      }
    }
    this.notices.say(said);
    return true;
  }
}

/** For web views that refuse the clipboard interface. */
function copyTheOldWay(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  const before = document.activeElement;
  // Inside an open dialog everything outside it is inert.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

export const [useApp, provideApp] = createContext<App>();
