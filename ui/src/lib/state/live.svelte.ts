// What an agent is writing right now. Text arrives faster than frames are drawn, so it is shown once per frame.
import type { Agent, Need, SessionEvent } from "../bindings";

export type LivePhase = "starting" | "loading" | "reading" | "writing";
type LiveEvent = Exclude<SessionEvent, { kind: "changed" | "previewProblem" }>;

/** More than this at the first word: the beginning was written before anyone watched. */
const MISSED = 12;

export class Live {
  agent = $state<Agent | null>(null);
  phase = $state<LivePhase>("starting");
  modelName = $state("");
  read = $state(0);
  toRead = $state(0);
  reasoning = $state("");
  text = $state("");
  tokens = $state(0);
  tokensPerSecond = $state(0);
  /** Why the answer is asked for once more. */
  startedOver = $state<string | null>(null);
  /** Watching began in the middle: the first words are missing here, not in the result. */
  missed = $state(false);
  #waitingReasoning = "";
  #waitingText = "";
  #frameAsked = false;
  #task = "";

  constructor(private nextFrame: (work: () => void) => void) {}

  /** What the session waits for has been told anew. `task` names the piece of work. */
  expect(need: Need, task: string): void {
    const agent = need.kind === "working" ? need.agent : null;
    const name = agent === null ? "" : `${task}/${agent}`;
    if (name === this.#task) return;
    this.#task = name;
    this.#clear();
    this.startedOver = null;
    this.agent = agent;
    this.modelName = need.kind === "working" ? need.modelName : "";
  }

  take(event: LiveEvent): void {
    switch (event.kind) {
      case "loadingModel":
        this.phase = "loading";
        this.modelName = event.modelName;
        break;
      case "reading":
        this.phase = "reading";
        this.read = event.read;
        this.toRead = event.total;
        break;
      case "writing":
        this.#write(event);
        break;
      case "startedOver":
        this.#clear();
        this.startedOver = event.why;
        break;
    }
  }

  #write(event: LiveEvent & { kind: "writing" }): void {
    if (this.phase !== "writing") this.missed = event.tokens > MISSED;
    this.phase = "writing";
    this.agent = event.agent;
    this.tokens = event.tokens;
    this.tokensPerSecond = event.tokensPerSecond;
    if (event.part === "reasoning") this.#waitingReasoning += event.text;
    else this.#waitingText += event.text;
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    this.nextFrame(() => this.#flush());
  }

  #flush(): void {
    this.#frameAsked = false;
    if (this.#waitingReasoning !== "") this.reasoning += this.#waitingReasoning;
    if (this.#waitingText !== "") this.text += this.#waitingText;
    this.#waitingReasoning = "";
    this.#waitingText = "";
  }

  #clear(): void {
    this.#waitingReasoning = "";
    this.#waitingText = "";
    this.phase = "starting";
    this.read = this.toRead = this.tokens = this.tokensPerSecond = 0;
    this.reasoning = this.text = "";
    this.missed = false;
  }
}
