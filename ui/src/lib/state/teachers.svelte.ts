// The models that can teach, and for each agent which of them work and in which order.
import { toUiError, type Backend } from "../backend";
import type { Agent, TeacherInfo, TeachersView, TeacherTest, UiError } from "../bindings";
import { moved } from "../reorder";
import type { Models } from "./models.svelte";

export interface RemoteModel {
  name: string;
  address: string;
  remoteName: string;
  key: string;
  contextSize: number | null;
}

export type TestState = { running: true } | { running: false; result: TeacherTest } | { running: false; error: UiError };

export class Teachers {
  all = $state.raw<TeacherInfo[]>([]);
  pools = $state.raw<Partial<Record<Agent, readonly string[]>>>({});
  ready = $state(false);
  error = $state.raw<UiError | null>(null);
  tests = $state.raw<Record<string, TestState>>({});
  /** Why an agent's order could not be stored. */
  poolErrors = $state.raw<Partial<Record<Agent, UiError>>>({});
  /** What could not be done to one model, shown at its card. */
  itemErrors = $state.raw<Record<string, UiError>>({});
  addError = $state.raw<UiError | null>(null);
  adding = $state(false);
  #stored: Partial<Record<Agent, readonly string[]>> = {};
  #queue: Promise<void> = Promise.resolve();
  #turns = new Map<string, number>();

  constructor(
    private backend: Backend,
    private models: Models,
  ) {}

  async load(): Promise<void> {
    try {
      this.#show(await this.backend.call("list_teachers", {}));
      this.ready = true;
      this.error = null;
    } catch (thrown) {
      this.error = toUiError(thrown);
    }
  }

  find(id: string): TeacherInfo | null {
    return this.all.find((teacher) => teacher.model.id === id) ?? null;
  }

  pool(agent: Agent): readonly string[] {
    return this.pools[agent] ?? [];
  }

  /** Agents that use this model. */
  usersOf(id: string): Agent[] {
    return (Object.keys(this.pools) as Agent[]).filter((agent) => this.pool(agent).includes(id));
  }

  move(agent: Agent, from: number, to: number): Promise<void> {
    return this.#setPool(agent, moved(this.pool(agent), from, to));
  }

  join(agent: Agent, id: string): Promise<void> {
    return this.#setPool(agent, [...this.pool(agent).filter((one) => one !== id), id]);
  }

  /** Without any, an agent uses the Assistant's model; the answer shows which that is. */
  leave(agent: Agent, id: string): Promise<void> {
    return this.#setPool(agent, this.pool(agent).filter((one) => one !== id));
  }

  async test(id: string): Promise<void> {
    const turn = (this.#turns.get(id) ?? 0) + 1;
    this.#turns.set(id, turn);
    this.#putTest(id, { running: true });
    let state: TestState;
    try {
      state = { running: false, result: await this.backend.call("test_teacher", { id }) };
    } catch (thrown) {
      state = { running: false, error: toUiError(thrown) };
    }
    if (this.#turns.get(id) !== turn) return; // nobody waits for it any more
    this.#putTest(id, state);
    // What it gives is known now.
    await this.load();
  }

  stopWaiting(id: string): void {
    this.#turns.set(id, (this.#turns.get(id) ?? 0) + 1);
    this.forgetTest(id);
  }

  forgetTest(id: string): void {
    const { [id]: _, ...others } = this.tests;
    this.tests = others;
  }

  /** The models that a server offers. */
  async offered(address: string, key: string): Promise<string[]> {
    return this.backend.call("list_remote_models", { address, key });
  }

  async addRemote(model: RemoteModel): Promise<boolean> {
    this.adding = true;
    this.addError = null;
    try {
      this.#show(await this.backend.call("add_remote_model", { ...model }));
      void this.models.load();
      return true;
    } catch (thrown) {
      this.addError = toUiError(thrown);
      return false;
    } finally {
      this.adding = false;
    }
  }

  /** Of a file on this computer; null if cancelled or refused (then `models.addError` says why). */
  async addFile(): Promise<string | null> {
    const model = await this.models.addFile();
    if (!model) return null;
    await this.load();
    return model.id;
  }

  async setKey(id: string, key: string): Promise<boolean> {
    return this.#at(id, async () => this.#show(await this.backend.call("set_model_key", { id, key })));
  }

  async remove(id: string): Promise<boolean> {
    return this.#at(id, async () => {
      await this.backend.call("remove_model", { id });
      this.forgetTest(id);
      await Promise.all([this.load(), this.models.load()]);
    });
  }

  /** Shown at once; stored one after the other, each order whole. */
  #setPool(agent: Agent, ids: readonly string[]): Promise<void> {
    this.pools = { ...this.pools, [agent]: ids };
    const task = this.#queue.then(async () => {
      const { [agent]: _, ...others } = this.poolErrors;
      this.poolErrors = others;
      try {
        const view = await this.backend.call("set_teachers", { agent, modelIds: [...ids] });
        // A newer order is on its way.
        if (this.pools[agent] === ids) this.#show(view);
      } catch (thrown) {
        this.poolErrors = { ...this.poolErrors, [agent]: toUiError(thrown) };
        if (this.pools[agent] === ids) this.pools = { ...this.pools, [agent]: this.#stored[agent] ?? [] };
      }
    });
    this.#queue = task;
    return task;
  }

  #show(view: TeachersView): void {
    this.all = view.teachers;
    this.#stored = Object.fromEntries(view.pools.map((pool) => [pool.agent, pool.modelIds]));
    this.pools = this.#stored;
  }

  #putTest(id: string, state: TestState): void {
    this.tests = { ...this.tests, [id]: state };
  }

  async #at(id: string, work: () => Promise<void>): Promise<boolean> {
    const { [id]: _, ...others } = this.itemErrors;
    this.itemErrors = others;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.itemErrors = { ...this.itemErrors, [id]: toUiError(thrown) };
      return false;
    }
  }
}
