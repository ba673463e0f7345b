// Design mode: what is kept on this computer. Scene `data-errors`: a damaged store, a bad backup, a full disk.
import type { FakeBackend } from "../lib/backend/fake";
import { uiError } from "../lib/backend";
import type { BackupView, StorageView } from "../lib/bindings";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const DAY = 86_400_000;

function backup(age: number, part: number, more: Partial<BackupView> = {}): BackupView {
  const madeAt = Date.now() - age;
  return {
    name: `opzest-${new Date(madeAt).toISOString().slice(0, 19)}.db`, madeAt, bytes: 84e6 * part,
    conversations: Math.round(41 * part), examples: Math.round(260 * part), problem: null, ...more,
  };
}

export function withStorage(demo: FakeBackend, scene: string): FakeBackend {
  const fails = scene === "data-errors";
  let view: StorageView = {
    databaseBytes: 84e6, tracesBytes: fails ? 1.99e9 : 412e6, backupsBytes: 233e6, tracesCapBytes: 2e9, freeBytes: fails ? 310e6 : 118e9,
    backups: [backup(2 * 3_600_000, 1), backup(DAY, 0.97), backup(3 * DAY, 0.81), backup(9 * DAY, 0.5), backup(31 * DAY, 0.12)],
    check: null,
  };
  if (scene === "data-empty") view = { ...view, databaseBytes: 90e3, tracesBytes: 0, backupsBytes: 0, backups: [] };
  if (fails) {
    view.backups[1] = backup(DAY, 0.97, { problem: "This backup is damaged: its check sums do not match.", conversations: null, examples: null });
    view.check = { sound: false, problems: ["Page 812 of the database is damaged (conversation “Why the sky is blue”).", "The search index misses 3 entries."], tookMs: 740 };
  }
  return demo
    .on("storage", async () => {
      await wait(150);
      if (scene === "data-unreadable") throw uiError("store", "The data folder could not be measured.", "Try again.");
      return view;
    })
    .on("back_up_now", async () => {
      await wait(900);
      if (fails) throw uiError("disk_full", "The backup needs 84 MB, and the disk has 31 MB left.", "Free some room, then try again.");
      view = { ...view, backupsBytes: view.backupsBytes + 84e6, backups: [backup(0, 1), ...view.backups] };
      return view;
    })
    .on("check_store", async () => {
      await wait(1100);
      const check = fails && view.check ? view.check : { sound: true, problems: [], tookMs: 1064 };
      view = { ...view, check };
      return check;
    })
    .on("restore_backup", async ({ name }) => {
      await wait(1500);
      if (fails) throw uiError("store", `${name} cannot be restored: its check sums do not match.`, "Choose another backup.");
      return view;
    })
    .on("set_traces_cap", async ({ bytes }) => {
      await wait(200);
      view = { ...view, tracesCapBytes: bytes };
      return view;
    });
}
