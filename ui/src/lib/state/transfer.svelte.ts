// Taking examples out of OpZest as a file, and into it.
import { toUiError, type Backend } from "../backend";
import type { DatasetExport, DatasetFormat, ExampleFilter, ImportReport, UiError, UseCaseInfo } from "../bindings";

/** What a file for import may end in. */
export const IMPORT_ENDINGS: readonly string[] = ["jsonl", "json", "parquet"];

export class Transfer {
  busy = $state(false);
  error = $state.raw<UiError | null>(null);
  exported = $state.raw<DatasetExport | null>(null);
  report = $state.raw<ImportReport | null>(null);
  /** The file that will be imported. */
  path = $state<string | null>(null);
  useCases = $state.raw<UseCaseInfo[]>([]);

  constructor(private backend: Backend) {}

  /** Asks where, then writes. Nothing happens if the user changes their mind. */
  async exportAs(format: DatasetFormat, filter: ExampleFilter, name: string): Promise<void> {
    await this.#try(async () => {
      const path = await this.backend.pickSavePath(`${fileName(name)}.${format}`);
      if (path === null) return;
      this.busy = true;
      this.exported = await this.backend.call("export_dataset", { filter, format, path });
    });
  }

  async loadUseCases(): Promise<void> {
    await this.#try(async () => {
      this.useCases = await this.backend.call("list_use_cases", {});
    });
  }

  async choose(): Promise<void> {
    await this.#try(async () => {
      this.path = (await this.backend.pickOpenPath(IMPORT_ENDINGS)) ?? this.path;
    });
  }

  /** Into a use case that is there, or into a new one of this name. */
  async importInto(target: { useCaseId: string } | { name: string }): Promise<boolean> {
    const path = this.path;
    if (path === null) return false;
    await this.#try(async () => {
      this.busy = true;
      this.report = await this.backend.call("import_dataset", { path, useCaseId: await this.#useCase(target) });
    });
    return this.report !== null;
  }

  async #useCase(target: { useCaseId: string } | { name: string }): Promise<string> {
    if ("useCaseId" in target) return target.useCaseId;
    // A second try after a failed import finds what the first has made.
    const known = this.useCases.find((one) => one.name === target.name);
    if (known) return known.id;
    const made = await this.backend.call("create_use_case", { name: target.name });
    this.useCases = [...this.useCases, made];
    return made.id;
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.error = null;
    try {
      await work();
    } catch (thrown) {
      this.error = toUiError(thrown);
    } finally {
      this.busy = false;
    }
  }
}

/** A name that every file system takes. */
export function fileName(name: string): string {
  const plain = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return plain === "" ? "examples" : plain.slice(0, 60);
}
