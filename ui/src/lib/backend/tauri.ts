// Production: the desktop shell. One Tauri command carries every call; a channel carries its events.
import { Channel, invoke } from "@tauri-apps/api/core";
import { toUiError, type Backend } from "./backend";

async function ask<T>(command: string, args: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw toUiError(thrown);
  }
}

export const tauriBackend: Backend = {
  call(name, args, onEvent) {
    const events = new Channel<never>();
    if (onEvent) events.onmessage = onEvent;
    return ask("call", { name, args, events });
  },
  pickModelFile: () => ask<string | null>("pick_model_file", {}),
  pickFolder: (why) => ask<string | null>("pick_folder", { title: why }),
  pickOpenPath: (endings) => ask<string | null>("pick_open_path", { endings }),
  pickSavePath: (name) => ask<string | null>("pick_save_path", { name }),
  saveTextFile: (name, content) => ask<string | null>("save_text_file", { name, content }),
};
