// What the user may change. Each change is stored at once; the answer says what it comes to on this computer.
import { toUiError, type Backend } from "../backend";
import type { Settings as Values, SettingsView, Theme, UiError } from "../bindings";

const THEME_KEY = "opzest.theme";

/** Before the settings have arrived: the theme of last time, so that the first frame has the right colours. */
export function applyRememberedTheme(root: HTMLElement, storage: Storage | null): void {
  const theme = storage?.getItem(THEME_KEY);
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
}

export class Settings {
  view = $state.raw<SettingsView | null>(null);
  loadError = $state<UiError | null>(null);
  /** Why the last change was refused, and which field it was. */
  changeError = $state<{ field: keyof Values; error: UiError } | null>(null);
  saving = $state(false);
  saved = $state(false);
  #queue: Promise<void> = Promise.resolve();

  constructor(
    private backend: Backend,
    private root: HTMLElement,
    private storage: Storage | null,
  ) {}

  async load(): Promise<void> {
    try {
      this.#show(await this.backend.call("read_settings", {}));
      this.loadError = null;
    } catch (thrown) {
      this.loadError = toUiError(thrown);
    }
  }

  /** Changes are stored one after the other, each on top of what was stored before it. */
  change<F extends keyof Values>(field: F, value: Values[F]): Promise<void> {
    const task = this.#queue.then(() => this.#store(field, value));
    this.#queue = task;
    return task;
  }

  async #store<F extends keyof Values>(field: F, value: Values[F]): Promise<void> {
    const before = this.view;
    if (!before || before.settings[field] === value) return;
    const settings = { ...before.settings, [field]: value };
    this.view = { ...before, settings };
    if (field === "theme") this.#applyTheme(settings.theme);
    this.saving = true;
    this.saved = false;
    this.changeError = null;
    try {
      this.#show(await this.backend.call("change_settings", { settings }));
      this.saved = true;
    } catch (thrown) {
      this.#show(before);
      this.changeError = { field, error: toUiError(thrown) };
    } finally {
      this.saving = false;
    }
  }

  #show(view: SettingsView): void {
    this.view = view;
    this.#applyTheme(view.settings.theme);
  }

  #applyTheme(theme: Theme): void {
    if (theme === "system") delete this.root.dataset.theme;
    else this.root.dataset.theme = theme;
    try {
      this.storage?.setItem(THEME_KEY, theme);
    } catch {
      // Only spares the next start a flash of the wrong colours.
    }
  }
}
