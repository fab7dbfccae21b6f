export type { Account } from "./account.ts";
export type {
  ApiKey,
  Granted,
  Invite,
  Link,
  Me,
  Preset,
  Quotas,
  Role,
  Scope,
  Session,
  Share,
  SignInMeans,
  Usage,
  User,
} from "./account-types.ts";
export { type ArchiveOptions, type Client, createClient, type ItemFilter, type JobFilter } from "./client.ts";
export type { Connection } from "./connection.ts";
export type { AuditFilter, Console, DeadLetterDetail, OperatorsJob } from "./console.ts";
export type {
  AuditEntry,
  ConsoleEvent,
  DeadLetterGroup,
  History,
  HistoryFilter,
  HistorySeries,
  NewOperation,
  Operation,
  OperationFilter,
  OperatorJob,
  OperatorJobFilter,
  OperatorJobPage,
  Overview,
  ReplicaView,
} from "./console-types.ts";
export type { EventOptions, JobEvent, JobEventData } from "./events.ts";
export type {
  Notification,
  NotificationChannels,
  NotificationFilter,
  NotificationKind,
  NotificationLocale,
  NotificationPreferences,
  Notifications,
} from "./notifications.ts";
export type { Operations, TimelineFilter, UserChange } from "./operations.ts";
export type { Presets } from "./presets.ts";
export { asProblem, type Issue, Problem, type ProblemCode } from "./problem.ts";
export type { AnySchedules, PageFilter, Schedules } from "./schedules.ts";
export type { SubmitOptions } from "./submit.ts";
export type { CallOptions, ClientSettings } from "./transport.ts";
export type {
  ArchiveProgress,
  Attempt,
  DailyModelUsage,
  DataItem,
  DeadLetter,
  DeadLetterFilter,
  Job,
  JobFile,
  JobInput,
  JobItem,
  JobStep,
  ModelUsage,
  NamedFile,
  NewJob,
  NewSchedule,
  OptionsPatch,
  Page,
  Part,
  PipelineView,
  Publication,
  Queue,
  Quote,
  Readiness,
  Replayed,
  Scale,
  Schedule,
  ScheduledJob,
  Timing,
  TypedPipeline,
  UploadAddress,
  WorkerView,
} from "./types.ts";
export type { UploadOptions } from "./uploads.ts";
export type {
  DeliveryFilter,
  MadeWebhook,
  NewWebhook,
  Webhook,
  WebhookDelivery,
  Webhooks,
  WholeWebhookDelivery,
} from "./webhooks.ts";
