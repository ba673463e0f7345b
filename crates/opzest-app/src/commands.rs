//! The command table: declared once, for the desktop shell, the browser tests' host and TypeScript.

use crate::app::App;
use crate::calls::*;
use crate::dto::*;
use crate::error::invalid;
use crate::events::{EventSink, Events};
use serde_json::Value;
use ts_rs::{Config, TS};

macro_rules! run_command {
    ($name:ident, $app:ident, $arguments:ident, $events:ident) => {
        $name($app, $arguments)
    };
    ($name:ident, $app:ident, $arguments:ident, $events:ident, $event:ty) => {
        $name($app, $arguments, Events::<$event>::new($events))
    };
}

macro_rules! event_type {
    () => {
        "never".to_owned()
    };
    ($event:ty) => {
        <$event as TS>::name(&config())
    };
}

macro_rules! commands {
    ($($name:ident($arguments:ty) -> $result:ty $(, emits $event:ty)?;)*) => {
        /// The names of all commands.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Runs a command by name: JSON in, JSON out, events to the sink.
        pub async fn dispatch(
            app: &App,
            name: &str,
            arguments: Value,
            events: EventSink,
        ) -> Result<Value, UiError> {
            match name {
                $(stringify!($name) => {
                    let arguments: $arguments = serde_json::from_value(arguments)
                        .map_err(|error| invalid(format!("`{name}` was called wrongly: {error}")))?;
                    let _ = &events;
                    let result: $result =
                        run_command!($name, app, arguments, events $(, $event)?).await?;
                    serde_json::to_value(result)
                        .map_err(|error| invalid(format!("`{name}` has no JSON result: {error}")))
                })*
                _ => Err(invalid(format!("there is no command `{name}`"))),
            }
        }

        /// One line of the table as TypeScript, for each command.
        fn typescript_table() -> Vec<String> {
            vec![$(format!(
                "  {}: {{ args: {}; event: {}; result: {} }};",
                stringify!($name),
                <$arguments as TS>::inline(&config()),
                event_type!($($event)?),
                <$result as TS>::name(&config()),
            )),*]
        }
    };
}

commands! {
    app_info(NoArguments) -> AppInfo;
    finish_welcome(NoArguments) -> ();
    ui_ready(NoArguments) -> ();
    list_conversations(ListConversations) -> ConversationList;
    open_conversation(OpenConversation) -> Conversation;
    rename_conversation(RenameConversation) -> ConversationSummary;
    delete_conversation(DeleteConversation) -> ();
    export_conversation(ExportConversation) -> ExportedFile;
    send_message(SendMessage) -> ChatOutcome, emits ChatEvent;
    regenerate(Regenerate) -> ChatOutcome, emits ChatEvent;
    select_variant(SelectVariant) -> Conversation;
    stop_generation(StopGeneration) -> ();
    list_models(NoArguments) -> Vec<Model>;
    add_model_file(AddModelFile) -> Model;
    remove_model(ModelArgument) -> Vec<Model>;
    select_model(ModelArgument) -> Vec<Model>;
    measure_model(ModelArgument) -> ModelSpeed;
    read_settings(NoArguments) -> SettingsView;
    change_settings(ChangeSettings) -> SettingsView;
    list_workflows(NoArguments) -> WorkflowList;
    list_use_cases(NoArguments) -> Vec<UseCaseInfo>;
    create_use_case(CreateUseCase) -> UseCaseInfo;
    rename_use_case(RenameUseCase) -> Vec<UseCaseInfo>;
    sandbox_info(NoArguments) -> SandboxInfo;
    list_sessions(ListSessions) -> SessionList;
    new_session(NewSession) -> SessionView;
    open_session(SessionArgument) -> SessionView;
    rename_session(RenameSession) -> SessionSummary;
    move_session(MoveSession) -> SessionSummary;
    delete_session(SessionArgument) -> DeletionView;
    act_on_session(ActOnSession) -> SessionView;
    stop_watching(SessionArgument) -> ();
    run_artifact(RunArtifact) -> RunView;
    show_preview(ShowPreview) -> ();
    export_product(ExportProduct) -> Vec<String>;
    list_examples(ListExamples) -> ExamplePage;
    open_example(ExampleArgument) -> ExampleView;
    example_trace(ExampleTrace) -> TraceView;
    edit_example(EditExample) -> ExampleView;
    delete_examples(DeleteExamples) -> DeletionView;
    mark_examples(MarkExamples) -> ();
    dataset_stats(NoArguments) -> Vec<DatasetStats>;
    export_dataset(ExportDataset) -> DatasetExport;
    import_dataset(ImportDataset) -> ImportReport;
    watch_session(SessionArgument) -> (), emits SessionEvent;
    list_teachers(NoArguments) -> TeachersView;
    set_teachers(SetTeachers) -> TeachersView;
    add_remote_model(AddRemoteModel) -> TeachersView;
    list_remote_models(ListRemoteModels) -> Vec<String>;
    set_model_key(SetModelKey) -> TeachersView;
    remove_teacher(ModelArgument) -> RemovedTeacher;
    test_teacher(ModelArgument) -> TeacherTest;
    storage(NoArguments) -> StorageView;
    back_up_now(NoArguments) -> StorageView;
    check_store(NoArguments) -> CheckReport;
    restore_backup(BackupArgument) -> StorageView;
    set_traces_cap(SetTracesCap) -> StorageView;
    training_overview(NoArguments) -> TrainingOverview;
    label_rows(LabelRows) -> LabelReport, emits LabelEvent;
    plan_training(PlanTraining) -> TrainingPlan;
    start_training(StartTraining) -> TrainingRun;
    open_run(RunArgument) -> TrainingRun;
    watch_run(RunArgument) -> (), emits RunEvent;
    pause_run(RunArgument) -> RunSummary;
    resume_run(RunArgument) -> RunSummary;
    cancel_run(RunArgument) -> RunSummary;
    delete_run(RunArgument) -> TrainingOverview;
    judge_run(RunArgument) -> TrainingRun;
    promote_run(PromoteRun) -> TrainingOverview;
    roll_back(Rollback) -> TrainingOverview;
    export_trained(ExportTrained) -> Vec<String>;
}

/// 64-bit numbers never cross as numbers, so their TypeScript type is never asked for.
fn config() -> Config {
    Config::new()
}

macro_rules! declarations {
    ($($name:ty),* $(,)?) => {
        vec![$(format!("export {}", <$name as TS>::decl(&config()))),*]
    };
}

/// The whole bindings file: every type that crosses the border, and the command table.
pub fn typescript() -> String {
    let types = declarations![
        UiError,
        ErrorCode,
        AppInfo,
        Machine,
        Speaker,
        MessageStatus,
        AnswerStats,
        Message,
        ConversationSummary,
        HitPart,
        ConversationList,
        Conversation,
        ExportFormat,
        ExportedFile,
        ModelKind,
        Model,
        Theme,
        Settings,
        SettingsView,
        ChatEvent,
        ChatOutcome,
        ModelSpeed,
        WorkflowInfo,
        RequestTemplate,
        WorkflowList,
        ArtifactKind,
        UseCaseInfo,
        Scope,
        SessionStatus,
        SessionSummary,
        SessionList,
        FileText,
        SessionView,
        PlanView,
        StepStatus,
        StepView,
        WhoWorked,
        CycleView,
        InstructionView,
        AttemptView,
        CheckView,
        Verdict,
        FeedbackView,
        AnalysisView,
        CycleEnd,
        SwitchCause,
        TeacherSwitchView,
        VersionView,
        Agent,
        PoolView,
        PoolTeacher,
        Need,
        SentMessage,
        SessionAct,
        StepEdit,
        SessionEvent,
        WritingPart,
        RunView,
        SandboxInfo,
        Split,
        Reason,
        ExampleFilter,
        ExampleSummary,
        ExamplePage,
        SideView,
        ExampleView,
        Side,
        TraceView,
        TokenView,
        CandidateView,
        DatasetStats,
        Readiness,
        DatasetFormat,
        DatasetExport,
        ImportReport,
        ImportProblem,
        DeletionView,
        TeachersView,
        RemovedTeacher,
        AgentPool,
        TeacherInfo,
        RemoteInfo,
        TermsKind,
        TeacherTerms,
        TeacherTest,
        StorageView,
        BackupView,
        CheckReport,
        TrainingOverview,
        UseCaseTraining,
        ModelInUse,
        BaseModelView,
        TrainingSettings,
        TrainingPlan,
        OmittedRows,
        RunStatus,
        RunSummary,
        TrainingRun,
        MetricKind,
        MetricView,
        TrainingVerdict,
        RunResult,
        ParityView,
        ComparisonView,
        SampleView,
        RunEvent,
        LabelEvent,
        LabelReport,
        PlanTraining,
        TrainedFormat,
    ];
    format!(
        "// Generated from crates/opzest-app by `make bindings`. Do not edit.\n\n{}\n\n\
         export interface Commands {{\n{}\n}}\n",
        types.join("\n\n"),
        typescript_table().join("\n"),
    )
}
