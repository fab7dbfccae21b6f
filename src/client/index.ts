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
export type { EventOptions, JobEvent, JobEventData } from "./events.ts";
export type { Operations, TimelineFilter, UserChange } from "./operations.ts";
export type { Presets } from "./presets.ts";
export { asProblem, type Issue, Problem, type ProblemCode } from "./problem.ts";
export type { AnySchedules, PageFilter, Schedules } from "./schedules.ts";
export type { SubmitOptions } from "./submit.ts";
export type { CallOptions, ClientSettings } from "./transport.ts";
export type {
  Attempt,
  DataItem,
  DeadLetter,
  DeadLetterFilter,
  Job,
  JobFile,
  JobInput,
  JobItem,
  JobStep,
  NamedFile,
  NewJob,
  NewSchedule,
  Page,
  Part,
  PipelineView,
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
