// Generated from crates/opzest-app by `make bindings`. Do not edit.

export type UiError = { code: ErrorCode, 
/**
 * What happened to what.
 */
message: string, 
/**
 * What to do next; may be empty.
 */
hint: string, };

export type ErrorCode = "data_folder_in_use" | "data_folder_unusable" | "disk_full" | "store_too_new" | "store_damaged" | "store" | "not_found" | "invalid_input" | "model_file" | "model_missing" | "context_overflow" | "out_of_memory" | "worker_died" | "model" | "busy" | "training" | "remote" | "sandbox_missing" | "internal";

export type AppInfo = { version: string, dataFolder: string, logFolder: string, 
/**
 * Nobody has pressed "start" on the welcome page yet.
 */
firstStart: boolean, 
/**
 * Set when the data folder cannot be used; every other command then fails with this error.
 */
problem: UiError | null, machine: Machine, };

export type Machine = { processor: string, physicalCores: number, logicalCores: number, memoryMb: number, freeMemoryMb: number, };

export type Speaker = "user" | "assistant";

export type MessageStatus = "streaming" | "complete" | "stopped" | "cutByLimit" | "cutByContext" | "interrupted" | "failed";

export type AnswerStats = { promptTokens: number, 
/**
 * Of the prompt's tokens, those reused from an earlier request.
 */
cachedTokens: number, answerTokens: number, 
/**
 * From the request to the first token.
 */
readingMs: number, tokensPerSecond: number, 
/**
 * Tokens of the context that are in use after this answer, and how many it holds.
 */
contextUsed: number, contextSize: number, };

export type Message = { id: string, speaker: Speaker, text: string, status: MessageStatus, createdAt: number, 
/**
 * The model that wrote it, as it was called then.
 */
modelName: string | null, stats: AnswerStats | null, 
/**
 * Why it failed or was interrupted.
 */
error: UiError | null, 
/**
 * All answers at this place, oldest first, this one included; one id unless regenerated.
 */
variants: Array<string>, };

export type ConversationSummary = { id: string, title: string, createdAt: number, updatedAt: number, modelId: string | null, messageCount: number, 
/**
 * When searched: the text around the hit, cut into plain and matching parts.
 */
hit: Array<HitPart> | null, };

export type HitPart = { text: string, matches: boolean, };

export type ConversationList = { items: Array<ConversationSummary>, 
/**
 * How many there are in all, for "show more".
 */
total: number, };

export type Conversation = { summary: ConversationSummary, messages: Array<Message>, };

export type ExportFormat = "markdown" | "json";

export type ExportedFile = { fileName: string, content: string, };

export type ModelKind = "embedded" | "file" | "remote" | "trained";

export type Model = { id: string, name: string, kind: ModelKind, 
/**
 * A file's path, or a server's address.
 */
location: string, fileBytes: number | null, architecture: string | null, 
/**
 * "135M"
 */
parameters: string | null, 
/**
 * "Q4_1"
 */
quantisation: string | null, 
/**
 * The context it was trained for, in tokens.
 */
trainedContext: number | null, licence: string | null, 
/**
 * The one that new conversations use.
 */
selected: boolean, 
/**
 * Why it cannot be used now (file gone, damaged ...).
 */
problem: UiError | null, };

export type Theme = "system" | "light" | "dark";

export type Settings = { theme: Theme, 
/**
 * Put before each conversation; `None`: what the model's own template says.
 */
systemPrompt: string | null, temperature: number, topP: number, minP: number, 
/**
 * `None`: a fresh one for each answer.
 */
seed: number | null, 
/**
 * Longest answer in tokens; `None`: as long as the context has room.
 */
maxAnswerTokens: number | null, threads: number | null, 
/**
 * Tokens that one conversation may hold.
 */
contextSize: number | null, 
/**
 * Map the model file into memory instead of reading it.
 */
memoryMap: boolean | null, };

export type SettingsView = { settings: Settings, threads: number, contextSize: number, memoryMap: boolean, 
/**
 * Memory that the model needs with these, and what is free.
 */
neededMemoryMb: number, freeMemoryMb: number, };

export type ChatEvent = { "kind": "started", conversation: ConversationSummary, question: Message | null, answer: Message, } | { "kind": "loadingModel", modelName: string, } | { "kind": "reading", read: number, total: number, cached: number, } | { "kind": "delta", text: string, tokens: number, tokensPerSecond: number, contextUsed: number, contextSize: number, };

export type ChatOutcome = { conversation: ConversationSummary, answer: Message, };

export type ModelSpeed = { modelName: string, threads: number, readingTokensPerSecond: number, writingTokensPerSecond: number, loadMs: number, peakMemoryMb: number, };

export type WorkflowInfo = { id: string, version: number, name: string, description: string, kind: ArtifactKind, 
/**
 * The product's main file.
 */
fileName: string, 
/**
 * Failed attempts before the next teacher takes over.
 */
attempts: number, templates: Array<RequestTemplate>, 
/**
 * The user's own file it was read from; absent for one that comes with OpZest.
 */
path: string | null, };

export type RequestTemplate = { title: string, request: string, };

export type WorkflowList = { workflows: Array<WorkflowInfo>, 
/**
 * Files of the user's folder that cannot be used, with file, line and reason.
 */
problems: Array<UiError>, 
/**
 * Where the user's own files belong.
 */
folder: string, };

export type ArtifactKind = "markdown" | "python" | "page" | "json";

export type UseCaseInfo = { id: string, name: string, sessions: number, 
/**
 * Complete rows.
 */
examples: number, };

export type Scope = "private" | "communal";

export type SessionStatus = "working" | "needsYou" | "paused" | "finished" | "stopped";

export type SessionSummary = { id: string, title: string, status: SessionStatus, scope: Scope, useCaseId: string, useCase: string, 
/**
 * Absent until it is chosen.
 */
workflow: string | null, 
/**
 * What it makes, if its workflow is still there.
 */
kind: ArtifactKind | null, createdAt: number, updatedAt: number, 
/**
 * Accepted versions of the product.
 */
versions: number, 
/**
 * Rows of the dataset, pending ones included.
 */
examples: number, };

export type SessionList = { items: Array<SessionSummary>, total: number, };

export type FileText = { name: string, text: string, };

export type SessionView = { summary: SessionSummary, request: string, 
/**
 * What the session began with.
 */
startFiles: Array<FileText>, workflow: WorkflowInfo | null, plan: PlanView | null, steps: Array<StepView>, 
/**
 * The current artifact.
 */
files: Array<FileText>, versions: Array<VersionView>, need: Need, 
/**
 * The teachers of each agent, in order.
 */
pools: Array<PoolView>, 
/**
 * Failed attempts since the count began, and how many are allowed.
 */
failedAttempts: number, allowedAttempts: number, canUndo: boolean, 
/**
 * The last attempt failed its check and can be accepted all the same.
 */
canOverrule: boolean, 
/**
 * Something could not be saved; it is kept and tried again with the next action.
 */
unsaved: UiError | null, };

export type PlanView = { reasoning: string, by: WhoWorked, leftOut: Array<string>, };

export type StepStatus = "waiting" | "current" | "done" | "skipped";

export type StepView = { id: string, text: string, status: StepStatus, cycles: Array<CycleView>, };

export type WhoWorked = { modelId: string, modelName: string, remote: boolean, 
/**
 * Seconds from the request to the end.
 */
seconds: number, 
/**
 * Tokens written; 0 if the model does not tell.
 */
tokens: number, };

export type CycleView = { instruction: InstructionView | null, attempt: AttemptView | null, feedback: FeedbackView | null, end: CycleEnd | null, switch: TeacherSwitchView | null, };

export type InstructionView = { text: string, reasoning: string, by: WhoWorked, leftOut: Array<string>, };

export type AttemptView = { id: string, 
/**
 * From 1, within its step.
 */
number: number, by: WhoWorked, reasoning: string, 
/**
 * Everything the model wrote.
 */
raw: string, 
/**
 * Empty if no artifact could be found in it.
 */
files: Array<FileText>, leftOut: Array<string>, check: CheckView | null, };

export type CheckView = { "outcome": "passed", output: string, warnings: Array<string>, } | { "outcome": "failed", error: string, output: string, } | { "outcome": "notRun", why: string, };

export type Verdict = "redo" | "furtherEdit" | "accepted";

export type FeedbackView = { words: string, analysis: AnalysisView | null, };

export type AnalysisView = { verdict: Verdict, 
/**
 * Probabilities, which sum to 1.
 */
redo: number, furtherEdit: number, accepted: number, reason: string, modelName: string, };

export type CycleEnd = { "how": "error", error: string, } | { "how": "judged", verdict: Verdict, byUser: boolean, } | { "how": "handEdited", attemptId: string, files: Array<FileText>, words: string, } | { "how": "overruled" };

export type SwitchCause = "failures" | "unreachable" | "noConsent" | "user";

export type TeacherSwitchView = { from: string | null, to: string | null, cause: SwitchCause, };

export type VersionView = { 
/**
 * From 1.
 */
number: number, stepId: string, attemptId: string, files: Array<FileText>, byHand: boolean, 
/**
 * The last one of a finished session.
 */
isFinal: boolean, };

export type Agent = "planner" | "lead" | "worker" | "analyst";

export type PoolView = { agent: Agent, teachers: Array<PoolTeacher>, 
/**
 * The place of the one in use; past the end if there is none.
 */
place: number, };

export type PoolTeacher = { modelId: string, name: string, remote: boolean, 
/**
 * The user has refused to send this session's text to it.
 */
refused: boolean, };

export type Need = { "kind": "working", agent: Agent, modelName: string, remote: boolean, } | { "kind": "checking" } | { "kind": "approvePlan" } | { "kind": "judge" } | { "kind": "chooseVerdict" } | { "kind": "poolExhausted" } | { "kind": "teacher", agent: Agent, } | { "kind": "trouble", agent: Agent, problem: UiError, } | { "kind": "consent", agent: Agent, modelId: string, modelName: string, 
/**
 * The server's address.
 */
destination: string, 
/**
 * Exactly what would be sent first.
 */
messages: Array<SentMessage>, } | { "kind": "resume" } | { "kind": "nothing" };

export type SentMessage = { role: string, text: string, };

export type SessionAct = { "act": "approvePlan" } | { "act": "editPlan", steps: Array<StepEdit>, } | { "act": "feedback", words: string, } | { "act": "verdict", verdict: Verdict, words: string, 
/**
 * What the user was looking at: a verdict that comes too late judges nothing else. None: the attempt
 * that is shown, or was judged last.
 */
attemptId?: string | null, } | { "act": "handEdit", files: Array<FileText>, words: string, } | { "act": "overrule", words: string, } | { "act": "undo" } | { "act": "skipStep" } | { "act": "tryAgain" } | { "act": "chooseTeacher", agent: Agent, place: number, } | { "act": "setPool", agent: Agent, modelIds: Array<string>, } | { "act": "consent", modelId: string, allow: boolean, } | { "act": "pause" } | { "act": "resume" } | { "act": "stop" };

export type StepEdit = { id: string | null, text: string, };

export type SessionEvent = { "kind": "changed", session: SessionView, } | { "kind": "loadingModel", modelName: string, } | { "kind": "reading", read: number, total: number, } | { "kind": "writing", agent: Agent, 
/**
 * Its chain of thought, or what it makes.
 */
part: WritingPart, text: string, tokens: number, tokensPerSecond: number, } | { "kind": "startedOver", why: string, } | { "kind": "previewProblem", message: string, };

export type WritingPart = "reasoning" | "result";

export type RunView = { passed: boolean, 
/**
 * How it ended, in words.
 */
outcome: string, stdout: string, stderr: string, files: Array<FileText>, wallMs: number, };

export type SandboxInfo = { ready: boolean, problem: UiError | null, 
/**
 * Pages can be run in a preview.
 */
preview: boolean, };

export type Split = "train" | "heldOut";

export type Reason = "error" | "redo" | "furtherEdit" | "handEdit";

export type ExampleFilter = { 
/**
 * Words to be found in prompt, chosen, rejected or the user's words.
 */
query: string | null, useCaseId: string | null, sessionId: string | null, scope: Scope | null, split: Split | null, reason: Reason | null, 
/**
 * Rows whose chosen is missing (true), or there (false).
 */
pending: boolean | null, 
/**
 * Rows with both sides (true), or with only chosen (false).
 */
paired: boolean | null, };

export type ExampleSummary = { id: string, 
/**
 * The instruction's first words.
 */
title: string, words: string, reason: Reason | null, pending: boolean, paired: boolean, byHand: boolean, edited: boolean, traced: boolean, scope: Scope, split: Split, useCase: string, modelName: string | null, createdAt: number, };

export type ExamplePage = { items: Array<ExampleSummary>, total: number, 
/**
 * The search was so wide that `total` is only a lower bound.
 */
totalIsLeast: boolean, 
/**
 * Hand this in for the next page; absent on the last one.
 */
next: string | null, };

export type SideView = { 
/**
 * The raw text that is trained on.
 */
text: string, reasoning: string, files: Array<FileText>, words: string, modelName: string | null, cycle: number | null, tracedTokens: number, };

export type ExampleView = { summary: ExampleSummary, prompt: Array<SentMessage>, chosen: SideView | null, rejected: SideView | null, sessionId: string | null, sessionTitle: string | null, useCaseId: string, overruled: boolean, promptVersion: number | null, workflow: string | null, };

export type Side = "chosen" | "rejected";

export type TraceView = { modelName: string, k: number, tokens: Array<TokenView>, 
/**
 * Bytes that it takes in the store.
 */
storedBytes: number, };

export type TokenView = { text: string, 
/**
 * Natural logarithm of its probability.
 */
logprob: number, 
/**
 * The most probable candidates, best first; at most ten.
 */
top: Array<CandidateView>, 
/**
 * Probability of everything that is not kept.
 */
tail: number, };

export type CandidateView = { text: string, logprob: number, };

export type DatasetStats = { useCaseId: string, useCase: string, sessions: number, 
/**
 * With chosen.
 */
complete: number, 
/**
 * Of these, with rejected.
 */
paired: number, pending: number, traced: number, heldOut: number, communal: number, readiness: Readiness, };

export type Readiness = { 
/**
 * From 0 to 1; 1 is ready.
 */
share: number, ready: boolean, 
/**
 * "12 of 30 finished results; 18 more and you can train."
 */
words: string, 
/**
 * What is missing, one sentence each.
 */
missing: Array<string>, };

export type DatasetFormat = "jsonl" | "parquet";

export type DatasetExport = { path: string, rows: number, 
/**
 * Left out because they are pending.
 */
pending: number, bytes: number, };

export type ImportReport = { added: number, 
/**
 * Were there already.
 */
duplicates: number, bad: number, 
/**
 * The first bad lines; there may be more.
 */
problems: Array<ImportProblem>, };

export type ImportProblem = { 
/**
 * From 1.
 */
line: number, message: string, };

export type DeletionView = { deleted: number, 
/**
 * "The accepted text is still in 2 other rows of this step."
 */
remains: Array<string>, };

export type TeachersView = { 
/**
 * All models that can teach, in the order in which they were added.
 */
teachers: Array<TeacherInfo>, 
/**
 * Each agent's models, best first.
 */
pools: Array<AgentPool>, };

export type RemovedTeacher = { teachers: TeachersView, 
/**
 * The server whose key was forgotten with it, because no other model uses that key.
 */
forgotKeyOf: string | null, };

export type AgentPool = { agent: Agent, modelIds: Array<string>, };

export type TeacherInfo = { model: Model, remote: RemoteInfo | null, 
/**
 * The most candidates per token; 0: no log-probabilities; absent: not tested yet.
 */
traceK: number | null, 
/**
 * What its licence or its maker's terms say about training on its answers.
 */
terms: TeacherTerms, };

export type RemoteInfo = { address: string, 
/**
 * What the server calls the model.
 */
name: string, hasKey: boolean, 
/**
 * Tokens that one conversation may hold, if known.
 */
contextSize: number | null, 
/**
 * "json_schema", "json_object" or nothing.
 */
structured: string | null, };

export type TermsKind = "allowed" | "conditions" | "forbidden" | "unknown";

export type TeacherTerms = { kind: TermsKind, 
/**
 * One or two sentences for the user.
 */
words: string, };

export type TeacherTest = { reachable: boolean, problem: UiError | null, traceK: number, 
/**
 * Why there are no log-probabilities, if there are none.
 */
traceProblem: string | null, structured: string | null, firstTokenMs: number | null, 
/**
 * What it answered to "Say hello."
 */
answer: string, };

export type StorageView = { databaseBytes: number, tracesBytes: number, backupsBytes: number, 
/**
 * The most that traces may take.
 */
tracesCapBytes: number, freeBytes: number | null, backups: Array<BackupView>, 
/**
 * What the last check found; absent: none since the start.
 */
check: CheckReport | null, };

export type BackupView = { 
/**
 * Its file name, which names it in commands.
 */
name: string, madeAt: number, bytes: number, conversations: number | null, examples: number | null, 
/**
 * Why it cannot be restored.
 */
problem: string | null, };

export type CheckReport = { sound: boolean, 
/**
 * What is wrong, one sentence each.
 */
problems: Array<string>, tookMs: number, };

export type TrainingOverview = { 
/**
 * In the order of the dataset's counts.
 */
useCases: Array<UseCaseTraining>, 
/**
 * Local models that can be trained, the suggested one first, then those that cannot, with the reason.
 */
bases: Array<BaseModelView>, 
/**
 * Newest first.
 */
runs: Array<RunSummary>, };

export type UseCaseTraining = { useCaseId: string, name: string, readiness: Readiness, 
/**
 * The promoted models that do its work, at most one for each scope.
 */
inUse: Array<ModelInUse>, };

export type ModelInUse = { scope: Scope, modelId: string, name: string, runId: string | null, promotedAt: number, 
/**
 * What a rollback puts back; absent: what was used without any trained model.
 */
before: string | null, };

export type BaseModelView = { modelId: string, name: string, 
/**
 * "135M".
 */
parameters: string | null, suggested: boolean, 
/**
 * Why it cannot be trained, or not on this computer.
 */
problem: string | null, 
/**
 * Most memory while training, at the usual length of rows.
 */
memoryBytes: number | null, 
/**
 * Tokens that training works off per second here, estimated until a run has measured it.
 */
tokensPerSecond: number | null, measured: boolean, };

export type TrainingSettings = { rank: number, learningRate: number, epochs: number, 
/**
 * Examples whose gradients make one step.
 */
batch: number, 
/**
 * Weight of the odds-ratio term.
 */
lambda: number, seed: number, threads: number, 
/**
 * Longest row, in tokens.
 */
maxTokens: number, 
/**
 * Learn from the teachers' probabilities where they are stored.
 */
softLabels: boolean, 
/**
 * The NVIDIA card of that number, from 0, works the numbers out; in a program that is built for it.
 */
card?: number, };

export type TrainingPlan = { useCaseId: string, useCase: string, scope: Scope, baseId: string, base: string, settings: TrainingSettings, rows: number, 
/**
 * Distinct (prompt, chosen) to learn from, and to judge by.
 */
examples: number, heldOut: number, 
/**
 * Rejected answers among the examples to learn from.
 */
pairs: number, sessions: number, 
/**
 * Tokens of one pass over the examples.
 */
tokens: number, longestTokens: number, 
/**
 * Share of chosen tokens that have a teacher's probabilities, from 0 to 1.
 */
softShare: number, omitted: Array<OmittedRows>, 
/**
 * What is missing before training is worth while; empty: ready.
 */
missing: Array<string>, steps: number, seconds: number, memoryBytes: number, freeMemoryBytes: number | null, diskBytes: number, 
/**
 * Why it cannot start: not enough memory, no rows ...
 */
problem: UiError | null, };

export type OmittedRows = { count: number, 
/**
 * A sentence: "The chosen answer is empty."
 */
reason: string, 
/**
 * Of one of them, to open it in the dataset.
 */
exampleId: string, };

export type RunStatus = "preparing" | "running" | "paused" | "judging" | "finished" | "failed" | "cancelled";

export type RunSummary = { id: string, name: string, useCaseId: string, useCase: string, scope: Scope, base: string, status: RunStatus, createdAt: number, step: number, steps: number, 
/**
 * Time at work so far, and about how long it still takes.
 */
activeSeconds: number, secondsLeft: number | null, 
/**
 * Why it waits although nobody paused it: battery, memory.
 */
waiting: string | null, verdict: TrainingVerdict | null, promoted: boolean, };

export type TrainingRun = { summary: RunSummary, plan: TrainingPlan, metrics: Array<MetricView>, result: RunResult | null, problem: UiError | null, };

export type MetricKind = "step" | "heldOut";

export type MetricView = { kind: MetricKind, step: number, epoch: number, loss: number, 
/**
 * Divergence from the teachers per token, where there are soft labels.
 */
kl: number | null, 
/**
 * Negative log-likelihood per token of the chosen answers.
 */
chosenNll: number, odds: number | null, 
/**
 * log odds(chosen) - log odds(rejected), mean over pairs.
 */
margin: number | null, 
/**
 * Share of pairs in which the chosen answer is the more probable one.
 */
preferenceAccuracy: number | null, learningRate: number | null, gradient: number | null, tokensPerSecond: number | null, memoryBytes: number | null, };

export type TrainingVerdict = "win" | "loss" | "notEnoughEvidence";

export type RunResult = { verdict: TrainingVerdict, 
/**
 * One or two sentences.
 */
words: string, parity: ParityView, comparisons: Array<ComparisonView>, samples: Array<SampleView>, 
/**
 * The trained model in the registry; absent: it was not offered, because the parity check failed.
 */
modelId: string | null, adapterPath: string, adapterBytes: number, };

export type ParityView = { passed: boolean, words: string, };

export type ComparisonView = { 
/**
 * "Surprise at accepted work", "Prefers accepted over rejected" ...
 */
name: string, 
/**
 * "nats per byte", "%" ...
 */
unit: string, before: number, after: number, 
/**
 * Of after - before, 95 %; absent where there is too little to tell.
 */
low: number | null, high: number | null, lowerIsBetter: boolean, };

export type SampleView = { title: string, prompt: string, 
/**
 * What was accepted in that session.
 */
accepted: string, before: string, after: string, 
/**
 * What the workflow's own check says.
 */
beforeValid: boolean, afterValid: boolean, };

export type RunEvent = { "type": "summary", summary: RunSummary, } | { "type": "metric", metric: MetricView, } | { "type": "doing", words: string, } | { "type": "changed" };

export type LabelEvent = { "type": "progress", done: number, total: number, };

export type LabelReport = { 
/**
 * Rows that have soft labels now.
 */
labelled: number, leftOut: number, 
/**
 * Why the last of those was left out.
 */
problem: UiError | null, };

export type PlanTraining = { useCaseId: string, scope: Scope, 
/**
 * Absent: the suggested one.
 */
baseId: string | null, settings: TrainingSettings | null, };

export type TrainedFormat = "adapterGguf" | "peft" | "mergedF16" | "mergedQ8" | "mergedQ4";

export interface Commands {
  app_info: { args: Record<symbol, never>; event: never; result: AppInfo };
  finish_welcome: { args: Record<symbol, never>; event: never; result: null };
  ui_ready: { args: Record<symbol, never>; event: never; result: null };
  list_conversations: { args: { 
/**
 * Full text search; `None` or blank lists all.
 */
query: string | null, limit: number, }; event: never; result: ConversationList };
  open_conversation: { args: { id: string, }; event: never; result: Conversation };
  rename_conversation: { args: { id: string, title: string, }; event: never; result: ConversationSummary };
  delete_conversation: { args: { id: string, }; event: never; result: null };
  export_conversation: { args: { id: string, format: ExportFormat, }; event: never; result: ExportedFile };
  send_message: { args: { 
/**
 * `None` makes a new conversation.
 */
conversationId: string | null, 
/**
 * `None`: the selected model.
 */
modelId: string | null, text: string, }; event: ChatEvent; result: ChatOutcome };
  regenerate: { args: { conversationId: string, 
/**
 * `None`: the selected model.
 */
modelId: string | null, }; event: ChatEvent; result: ChatOutcome };
  select_variant: { args: { messageId: string, }; event: never; result: Conversation };
  stop_generation: { args: { conversationId: string, }; event: never; result: null };
  list_models: { args: Record<symbol, never>; event: never; result: Array<Model> };
  add_model_file: { args: { path: string, }; event: never; result: Model };
  remove_model: { args: { id: string, }; event: never; result: Array<Model> };
  select_model: { args: { id: string, }; event: never; result: Array<Model> };
  measure_model: { args: { id: string, }; event: never; result: ModelSpeed };
  read_settings: { args: Record<symbol, never>; event: never; result: SettingsView };
  change_settings: { args: { settings: Settings, }; event: never; result: SettingsView };
  list_workflows: { args: Record<symbol, never>; event: never; result: WorkflowList };
  list_use_cases: { args: Record<symbol, never>; event: never; result: Array<UseCaseInfo> };
  create_use_case: { args: { name: string, }; event: never; result: UseCaseInfo };
  rename_use_case: { args: { id: string, name: string, }; event: never; result: Array<UseCaseInfo> };
  sandbox_info: { args: Record<symbol, never>; event: never; result: SandboxInfo };
  list_sessions: { args: { 
/**
 * Words to be found in the title or the request.
 */
query: string | null, limit: number, }; event: never; result: SessionList };
  new_session: { args: { request: string, 
/**
 * What is to be worked on.
 */
files: Array<FileText>, 
/**
 * Absent: the planner chooses.
 */
workflow: string | null, 
/**
 * Absent: the workflow's own use case.
 */
useCaseId: string | null, scope: Scope, 
/**
 * The user's own plan; empty: the planner makes one.
 */
plan: Array<string>, }; event: never; result: SessionView };
  open_session: { args: { id: string, }; event: never; result: SessionView };
  rename_session: { args: { id: string, title: string, }; event: never; result: SessionSummary };
  move_session: { args: { id: string, useCaseId: string, }; event: never; result: SessionSummary };
  delete_session: { args: { id: string, }; event: never; result: DeletionView };
  act_on_session: { args: { id: string, act: SessionAct, }; event: never; result: SessionView };
  stop_watching: { args: { id: string, }; event: never; result: null };
  run_artifact: { args: { id: string, files: Array<FileText>, stdin: string, 
/**
 * The user was told that there is no sandbox, and wants this one run all the same.
 */
withoutSandbox: boolean, }; event: never; result: RunView };
  show_preview: { args: { id: string, files: Array<FileText>, }; event: never; result: null };
  export_product: { args: { id: string, 
/**
 * From 1; absent: the last.
 */
version: number | null, 
/**
 * A folder, where each file is written; nothing there is replaced.
 */
folder: string, }; event: never; result: Array<string> };
  list_examples: { args: { filter: ExampleFilter, 
/**
 * The `next` of the page before; absent: the first page.
 */
after: string | null, limit: number, }; event: never; result: ExamplePage };
  open_example: { args: { id: string, }; event: never; result: ExampleView };
  example_trace: { args: { id: string, side: Side, }; event: never; result: TraceView };
  edit_example: { args: { id: string, side: Side, 
/**
 * The new raw text.
 */
text: string, }; event: never; result: ExampleView };
  delete_examples: { args: { ids: Array<string>, }; event: never; result: DeletionView };
  mark_examples: { args: { ids: Array<string>, scope: Scope | null, split: Split | null, }; event: never; result: null };
  dataset_stats: { args: Record<symbol, never>; event: never; result: Array<DatasetStats> };
  export_dataset: { args: { filter: ExampleFilter, format: DatasetFormat, 
/**
 * The file to write; one that is there is replaced.
 */
path: string, }; event: never; result: DatasetExport };
  import_dataset: { args: { path: string, useCaseId: string, }; event: never; result: ImportReport };
  watch_session: { args: { id: string, }; event: SessionEvent; result: null };
  list_teachers: { args: Record<symbol, never>; event: never; result: TeachersView };
  set_teachers: { args: { agent: Agent, 
/**
 * Best first; empty: the model that conversations use.
 */
modelIds: Array<string>, }; event: never; result: TeachersView };
  add_remote_model: { args: { 
/**
 * As shown to the user; empty: the server's own name for it.
 */
name: string, 
/**
 * `https://host/v1`
 */
address: string, 
/**
 * What the server calls the model.
 */
remoteName: string, 
/**
 * Kept in the system's keyring, or in a private file; empty: none is needed, or the one that is
 * already kept for this server.
 */
key: string, 
/**
 * Tokens that one conversation may hold, if known.
 */
contextSize: number | null, }; event: never; result: TeachersView };
  list_remote_models: { args: { address: string, 
/**
 * Empty: the one that is kept for this server, if there is one.
 */
key: string, }; event: never; result: Array<string> };
  set_model_key: { args: { id: string, 
/**
 * Empty: forget it.
 */
key: string, }; event: never; result: TeachersView };
  remove_teacher: { args: { id: string, }; event: never; result: RemovedTeacher };
  test_teacher: { args: { id: string, }; event: never; result: TeacherTest };
  storage: { args: Record<symbol, never>; event: never; result: StorageView };
  back_up_now: { args: Record<symbol, never>; event: never; result: StorageView };
  check_store: { args: Record<symbol, never>; event: never; result: CheckReport };
  restore_backup: { args: { name: string, }; event: never; result: StorageView };
  set_traces_cap: { args: { bytes: number, }; event: never; result: StorageView };
  training_overview: { args: Record<symbol, never>; event: never; result: TrainingOverview };
  label_rows: { args: { useCaseId: string, scope: Scope, modelId: string, 
/**
 * Also those that another model has read afterwards.
 */
again: boolean, }; event: LabelEvent; result: LabelReport };
  plan_training: { args: { useCaseId: string, scope: Scope, 
/**
 * Absent: the suggested one.
 */
baseId: string | null, settings: TrainingSettings | null, }; event: never; result: TrainingPlan };
  start_training: { args: { plan: PlanTraining, 
/**
 * Although something is missing for it to be worth while.
 */
althoughNotReady: boolean, }; event: never; result: TrainingRun };
  open_run: { args: { runId: string, }; event: never; result: TrainingRun };
  watch_run: { args: { runId: string, }; event: RunEvent; result: null };
  pause_run: { args: { runId: string, }; event: never; result: RunSummary };
  resume_run: { args: { runId: string, }; event: never; result: RunSummary };
  cancel_run: { args: { runId: string, }; event: never; result: RunSummary };
  delete_run: { args: { runId: string, }; event: never; result: TrainingOverview };
  judge_run: { args: { runId: string, }; event: never; result: TrainingRun };
  promote_run: { args: { runId: string, 
/**
 * Although it did not win.
 */
althoughNoWin: boolean, }; event: never; result: TrainingOverview };
  roll_back: { args: { useCaseId: string, scope: Scope, }; event: never; result: TrainingOverview };
  export_trained: { args: { runId: string, format: TrainedFormat, 
/**
 * A folder that exists.
 */
folder: string, }; event: never; result: Array<string> };
}
