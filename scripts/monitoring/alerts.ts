/** An alert that fires while `value` exceeds its bound for a given time. */
export interface AlertSpec {
  name: string;
  /** Expression that returns data in every healthy installation. */
  value: string;
  /** Rest of the expression, such as `> 0.2`. */
  bound: string;
  for: string;
  severity: "page" | "warn";
  summary: string;
  /** How to respond. */
  advice: string;
  /** Series that make it fire and that do not, in promtool's notation. */
  proof: {
    fires: Record<string, string>;
    quiet: Record<string, string>;
    at: string;
    labels: Record<string, string>;
  };
}

const MINUTES = 60;

/** A series that is constant or changes by `step` per minute, for an hour. */
function steady(value: number, step = 0): string {
  return `${value}${step < 0 ? "" : "+"}${step}x${MINUTES}`;
}

export const alerts: readonly AlertSpec[] = [
  {
    name: "MillraceDown",
    value: 'up{job="millrace"}',
    bound: "== 0",
    for: "1m",
    severity: "page",
    summary: "An API process cannot be asked for its metrics.",
    advice: "Is the process running, and does it answer /healthz?",
    proof: {
      fires: { 'up{job="millrace", instance="a"}': steady(0) },
      quiet: { 'up{job="millrace", instance="a"}': steady(1) },
      at: "5m",
      labels: { job: "millrace", instance: "a" },
    },
  },
  {
    name: "MillraceStoreDown",
    value: "min by (instance) (millrace_store_up)",
    bound: "== 0",
    for: "1m",
    severity: "page",
    summary: "The records cannot be read.",
    advice: "New work is refused until they can. Look at /readyz, and at the database.",
    proof: {
      fires: { 'millrace_store_up{instance="a"}': steady(0) },
      quiet: { 'millrace_store_up{instance="a"}': steady(1) },
      at: "5m",
      labels: { instance: "a" },
    },
  },
  {
    name: "MillraceBrokerDown",
    value: "min by (instance, broker) (millrace_broker_up)",
    bound: "== 0",
    for: "2m",
    severity: "page",
    summary: "The broker does not answer.",
    advice: "Jobs are still accepted and wait in the records. Bring the broker back, or move to another one.",
    proof: {
      fires: { 'millrace_broker_up{instance="a", broker="redis"}': steady(0) },
      quiet: { 'millrace_broker_up{instance="a", broker="redis"}': steady(1) },
      at: "5m",
      labels: { instance: "a", broker: "redis" },
    },
  },
  {
    name: "MillraceQueueWithoutWorkers",
    value: "max by (queue) (millrace_queue_unserved_tasks)",
    bound: "> 0",
    for: "5m",
    severity: "page",
    summary: "Tasks wait in a queue that no worker takes from.",
    advice: "Start workers that have the pipeline, in the version that the jobs were created with.",
    proof: {
      fires: { 'millrace_queue_unserved_tasks{queue="a/b"}': steady(3) },
      quiet: { 'millrace_queue_unserved_tasks{queue="a/b"}': steady(0) },
      at: "10m",
      labels: { queue: "a/b" },
    },
  },
  {
    name: "MillraceQueueWaitsLong",
    value: "max by (queue) (millrace_queue_oldest_seconds * (1 - millrace_queue_paused))",
    bound: "> 600",
    for: "5m",
    severity: "warn",
    summary: "The oldest task of a queue has waited for more than 10 minutes.",
    advice: "Add workers, or see whether a step has become slow.",
    proof: {
      fires: {
        'millrace_queue_oldest_seconds{queue="a/b"}': steady(700, 60),
        'millrace_queue_paused{queue="a/b"}': steady(0),
      },
      quiet: {
        'millrace_queue_oldest_seconds{queue="a/b"}': steady(700, 60),
        'millrace_queue_paused{queue="a/b"}': steady(1),
      },
      at: "10m",
      labels: { queue: "a/b" },
    },
  },
  {
    name: "MillraceQueuePausedLong",
    value: "max by (queue) (min_over_time(millrace_queue_paused[30m]))",
    bound: "> 0",
    for: "5m",
    severity: "warn",
    summary: "A queue has been paused for half an hour.",
    advice: "Resume it, if it was forgotten.",
    proof: {
      fires: { 'millrace_queue_paused{queue="a/b"}': steady(1) },
      quiet: { 'millrace_queue_paused{queue="a/b"}': "0x20 1x5 0x35" },
      at: "50m",
      labels: { queue: "a/b" },
    },
  },
  {
    name: "MillraceDeadLetters",
    value: 'max by (queue) (delta(millrace_queue_tasks{state="dead"}[15m]))',
    bound: "> 10",
    for: "1m",
    severity: "warn",
    summary: "More than 10 tasks of a queue failed for good within 15 minutes.",
    advice: "Read their errors under dead letters; replay them once the cause is gone.",
    proof: {
      fires: { 'millrace_queue_tasks{queue="a/b", state="dead"}': steady(0, 2) },
      quiet: { 'millrace_queue_tasks{queue="a/b", state="dead"}': steady(500) },
      at: "20m",
      labels: { queue: "a/b" },
    },
  },
  {
    name: "MillraceStepsFail",
    value:
      'sum by (queue) (max by (queue, outcome) (rate(millrace_attempts_total{outcome="failed"}[5m]))) / sum by (queue) (max by (queue, outcome) (rate(millrace_attempts_total[5m])))',
    bound: "> 0.2",
    for: "5m",
    severity: "warn",
    summary: "More than a fifth of the attempts at a step fail.",
    advice: "Look at the errors of the queue's jobs, and at what the step depends on.",
    proof: {
      fires: {
        'millrace_attempts_total{queue="a/b", outcome="failed"}': steady(0, 30),
        'millrace_attempts_total{queue="a/b", outcome="succeeded"}': steady(0, 60),
      },
      quiet: {
        'millrace_attempts_total{queue="a/b", outcome="failed"}': steady(0, 3),
        'millrace_attempts_total{queue="a/b", outcome="succeeded"}': steady(0, 60),
      },
      at: "15m",
      labels: { queue: "a/b" },
    },
  },
  {
    name: "MillraceApiErrors",
    value:
      '(sum(rate(millrace_http_request_duration_seconds_count{status=~"5.."}[5m])) or vector(0)) / sum(rate(millrace_http_request_duration_seconds_count[5m]))',
    bound: "> 0.02",
    for: "5m",
    severity: "page",
    summary: "More than 2 % of the requests are answered with a server's error.",
    advice: "The log has each with the id of its request; /readyz says which part is not usable.",
    proof: {
      fires: {
        'millrace_http_request_duration_seconds_count{status="503"}': steady(0, 6),
        'millrace_http_request_duration_seconds_count{status="200"}': steady(0, 60),
      },
      quiet: { 'millrace_http_request_duration_seconds_count{status="200"}': steady(0, 60) },
      at: "15m",
      labels: {},
    },
  },
  {
    name: "MillraceApiSlow",
    value:
      'histogram_quantile(0.95, sum by (le) (rate(millrace_http_request_duration_seconds_bucket{route!~".*wait", route!~"/v1/uploads.*"}[5m])))',
    bound: "> 1",
    for: "10m",
    severity: "warn",
    summary: "One request in twenty takes more than a second.",
    advice: "See which route it is, and the event loop and processor time of the API processes.",
    proof: {
      fires: {
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs", le="1"}': steady(0, 6),
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs", le="2.5"}': steady(0, 60),
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs", le="+Inf"}': steady(0, 60),
      },
      quiet: {
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs", le="1"}': steady(0, 60),
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs", le="+Inf"}': steady(0, 60),
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs/:id?wait", le="1"}': steady(0),
        'millrace_http_request_duration_seconds_bucket{route="/v1/jobs/:id?wait", le="+Inf"}': steady(0, 600),
      },
      at: "25m",
      labels: {},
    },
  },
  {
    name: "MillraceEventLoopLate",
    value: 'max by (role, process) (millrace_process_event_loop_lag_seconds{role="api", quantile="0.99"})',
    bound: "> 0.25",
    for: "5m",
    severity: "warn",
    summary: "The event loop of an API process is late by more than a quarter of a second.",
    advice: "Add API processes, or give the machine fewer workers.",
    proof: {
      fires: {
        'millrace_process_event_loop_lag_seconds{role="api", process="a", quantile="0.99"}': steady(0.4),
      },
      quiet: {
        'millrace_process_event_loop_lag_seconds{role="api", process="a", quantile="0.99"}': steady(0.01),
      },
      at: "10m",
      labels: { role: "api", process: "a" },
    },
  },
  {
    name: "MillraceCollectorBusy",
    value:
      "sum by (role, process) (max by (role, process, kind) (rate(millrace_process_gc_pause_seconds_total[5m])))",
    bound: "> 0.1",
    for: "10m",
    severity: "warn",
    summary: "A process spends more than a tenth of its time in pauses of the collector.",
    advice: "Its heap is nearly full: see its memory, and what it has been given.",
    proof: {
      fires: {
        'millrace_process_gc_pause_seconds_total{role="worker", process="a", kind="major"}': steady(0, 9),
      },
      quiet: {
        'millrace_process_gc_pause_seconds_total{role="worker", process="a", kind="major"}': steady(0, 1),
      },
      at: "20m",
      labels: { role: "worker", process: "a" },
    },
  },
  {
    name: "MillraceRevocationSlow",
    value: "histogram_quantile(0.99, sum by (le) (rate(millrace_revocation_seconds_bucket[5m])))",
    bound: "> 1",
    for: "5m",
    severity: "page",
    summary: "Revoked tokens are accepted for more than a second.",
    advice: "Look at the bus and at the load of the database.",
    proof: {
      fires: {
        'millrace_revocation_seconds_bucket{le="1"}': steady(0, 6),
        'millrace_revocation_seconds_bucket{le="2.5"}': steady(0, 12),
        'millrace_revocation_seconds_bucket{le="+Inf"}': steady(0, 12),
      },
      quiet: {
        'millrace_revocation_seconds_bucket{le="1"}': steady(0, 12),
        'millrace_revocation_seconds_bucket{le="+Inf"}': steady(0, 12),
      },
      at: "15m",
      labels: {},
    },
  },
  {
    name: "MillraceReplicaStale",
    value: "max by (instance) (millrace_replica_stale)",
    bound: "> 0",
    for: "1m",
    severity: "page",
    summary: "What a process knows of revocations may be too old, so that it refuses requests.",
    advice: "The database does not answer in time.",
    proof: {
      fires: { 'millrace_replica_stale{instance="a"}': steady(1) },
      quiet: { 'millrace_replica_stale{instance="a"}': steady(0) },
      at: "5m",
      labels: { instance: "a" },
    },
  },
  {
    name: "MillraceWebhooksLate",
    value: "max(millrace_webhook_overdue_seconds)",
    bound: "> 300",
    for: "5m",
    severity: "warn",
    summary: "Deliveries to webhooks have been due for more than 5 minutes.",
    advice: "Workers send them: are there any, and do they reach the network?",
    proof: {
      fires: { millrace_webhook_overdue_seconds: steady(400) },
      quiet: { millrace_webhook_overdue_seconds: steady(20) },
      at: "10m",
      labels: {},
    },
  },
  {
    name: "MillraceMessagesDropped",
    value: "sum(increase(millrace_messages_dropped_total[15m])) or vector(0)",
    bound: "> 100",
    for: "1m",
    severity: "warn",
    summary: "Messages of the bus or the broker are not signed by this installation, or malformed.",
    advice:
      "Somebody else writes there, or processes have different keys. The log has the first of each kind.",
    proof: {
      fires: { 'millrace_messages_dropped_total{source="bus", reason="forged"}': steady(0, 20) },
      quiet: { 'millrace_messages_dropped_total{source="bus", reason="forged"}': steady(7) },
      at: "20m",
      labels: {},
    },
  },
  {
    name: "MillraceLogLost",
    value: "max(increase(millrace_log_lines_lost_total[15m]))",
    bound: "> 0",
    for: "1m",
    severity: "warn",
    summary: "Lines of a log could not be written.",
    advice: "Is the disk that it goes to full, or its reader too slow?",
    proof: {
      fires: { millrace_log_lines_lost_total: steady(0, 5) },
      quiet: { millrace_log_lines_lost_total: steady(40) },
      at: "20m",
      labels: {},
    },
  },
  {
    name: "MillraceScaleInInterrupts",
    value: "max by (process) (increase(millrace_scale_interrupted_tasks_total[1h]))",
    bound: "> 0",
    for: "1m",
    severity: "warn",
    summary: "A scale-in interrupted running tasks.",
    advice: "A worker was killed or died while it was finishing its work: see the log of its supervisor.",
    proof: {
      fires: { 'millrace_scale_interrupted_tasks_total{role="supervisor", process="a"}': "0x10 2x50" },
      quiet: { 'millrace_scale_interrupted_tasks_total{role="supervisor", process="a"}': steady(0) },
      at: "20m",
      labels: { process: "a" },
    },
  },
  {
    name: "MillraceScaleLimit",
    value:
      'max by (process) (millrace_scale_workers_wanted) / max by (process) (millrace_scale_workers_limit{bound="max"})',
    bound: ">= 1",
    for: "30m",
    severity: "warn",
    summary: "For half an hour there has been work for as many workers as there may be.",
    advice: "Raise the limit, or add machines.",
    proof: {
      fires: {
        'millrace_scale_workers_wanted{process="a"}': steady(8),
        'millrace_scale_workers_limit{process="a", bound="max"}': steady(8),
      },
      quiet: {
        'millrace_scale_workers_wanted{process="a"}': steady(3),
        'millrace_scale_workers_limit{process="a", bound="max"}': steady(8),
      },
      at: "40m",
      labels: { process: "a" },
    },
  },
];
