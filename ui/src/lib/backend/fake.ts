// For unit tests and the design mode: each command is answered by a function, and every call is remembered.
import type { Commands } from "../bindings";
import { toUiError, uiError, type Backend, type CommandName } from "./backend";

export type Handler<K extends CommandName> = (
  args: Commands[K]["args"],
  emit: (event: Commands[K]["event"]) => void,
) => Commands[K]["result"] | Promise<Commands[K]["result"]>;

export class FakeBackend implements Backend {
  readonly calls: { name: CommandName; args: unknown }[] = [];
  readonly saved: { name: string; content: string }[] = [];
  /** What the next file dialog answers; of a dialog for saving, the folder. */
  path: string | null = null;
  /** What the next folder dialog answers. */
  folder: string | null = null;
  #handlers = new Map<CommandName, unknown>();

  on<K extends CommandName>(name: K, handler: Handler<K>): this {
    this.#handlers.set(name, handler);
    return this;
  }

  async call<K extends CommandName>(
    name: K,
    args: Commands[K]["args"],
    onEvent?: (event: Commands[K]["event"]) => void,
  ): Promise<Commands[K]["result"]> {
    this.calls.push({ name, args });
    const handler = this.#handlers.get(name) as Handler<K> | undefined;
    if (!handler) throw uiError("internal", `the fake backend has no handler for ${name}`);
    try {
      return await handler(args, (event) => onEvent?.(event));
    } catch (thrown) {
      throw toUiError(thrown);
    }
  }

  async pickModelFile(): Promise<string | null> {
    return this.path;
  }

  async pickFolder(): Promise<string | null> {
    return this.folder;
  }

  async pickOpenPath(): Promise<string | null> {
    return this.path;
  }

  async pickSavePath(name: string): Promise<string | null> {
    return this.path === null ? null : `${this.path}/${name}`;
  }

  async saveTextFile(name: string, content: string): Promise<string | null> {
    this.saved.push({ name, content });
    return name;
  }

  /** The arguments of every call of one command. */
  argsOf<K extends CommandName>(name: K): Commands[K]["args"][] {
    return this.calls.filter((call) => call.name === name).map((call) => call.args as Commands[K]["args"]);
  }
}
