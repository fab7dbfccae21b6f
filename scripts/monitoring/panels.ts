/** A dashboard panel. Every API process exports what it hears from others, so queries must use `max`, never `sum`. */
export interface PanelSpec {
  title: string;
  /** Grafana's name for the unit. */
  unit: "bytes" | "s" | "short" | "percentunit" | "reqps" | "ops" | "Bps" | "currencyUSD";
  about: string;
  queries: { expr: string; legend: string }[];
}

export interface RowSpec {
  title: string;
  panels: PanelSpec[];
}

const RATE = "$__rate_interval";
const byProcess = "{{role}} {{process}}";
/** Selects requests that do not wait for a job's end. */
const PROMPT = 'route!~".*wait"';

function panel(
  title: string,
  unit: PanelSpec["unit"],
  about: string,
  ...queries: [expr: string, legend: string][]
): PanelSpec {
  return { title, unit, about, queries: queries.map(([expr, legend]) => ({ expr, legend })) };
}

const overview: RowSpec = {
  title: "At a glance",
  panels: [
    panel("Process memory", "bytes", "Memory of each process of every role.", [
      "max by (role, process) (millrace_process_resident_memory_bytes)",
      byProcess,
    ]),
    panel(
      "Event loop and busy workers",
      "short",
      "How late event loops are, in milliseconds, and how many tasks run of those that could.",
      [
        'max by (role) (millrace_process_event_loop_lag_seconds{quantile="0.99"}) * 1000',
        "event loop p99, ms: {{role}}",
      ],
      ["max(millrace_workers_running_tasks)", "running tasks"],
      ["max(millrace_workers_concurrency)", "places for tasks"],
    ),
    panel(
      "Pool and queue",
      "short",
      "Worker processes, and what waits and runs.",
      ["max(millrace_workers)", "workers"],
      ['sum(max by (queue) (millrace_queue_tasks{state="ready"}))', "ready"],
      ['sum(max by (queue) (millrace_queue_tasks{state="running"}))', "running"],
      ['sum(max by (queue) (millrace_queue_tasks{state="scheduled"}))', "scheduled"],
    ),
    panel("Request rate", "reqps", "Requests answered a second, by status.", [
      `sum by (status) (rate(millrace_http_request_duration_seconds_count[${RATE}]))`,
      "{{status}}",
    ]),
    panel(
      "Response time, p95",
      "s",
      "By route; requests that wait for the end of a job are left out.",
      [
        `histogram_quantile(0.95, sum by (le) (rate(millrace_http_request_duration_seconds_bucket{${PROMPT}}[${RATE}])))`,
        "all routes",
      ],
      [
        `histogram_quantile(0.95, sum by (le, method, route) (rate(millrace_http_request_duration_seconds_bucket{${PROMPT}}[${RATE}])))`,
        "{{method}} {{route}}",
      ],
    ),
    panel(
      "Garbage collection",
      "percentunit",
      "Share of time in pauses of the collector, and the longest pause.",
      [
        `sum by (role, process) (max by (role, process, kind) (rate(millrace_process_gc_pause_seconds_total[${RATE}])))`,
        byProcess,
      ],
      ["max by (role) (millrace_process_gc_longest_pause_seconds)", "longest pause, s: {{role}}"],
    ),
  ],
};

const processes: RowSpec = {
  title: "Processes",
  panels: [
    panel("Processor time", "percentunit", "Cores that each process uses.", [
      `max by (role, process) (rate(millrace_process_cpu_seconds_total[${RATE}]))`,
      byProcess,
    ]),
    panel(
      "Heap",
      "bytes",
      "Objects on the heap, and buffers outside of it.",
      ["max by (role, process) (millrace_process_heap_used_bytes)", `heap: ${byProcess}`],
      ["max by (role, process) (millrace_process_external_memory_bytes)", `buffers: ${byProcess}`],
    ),
    panel("Event-loop lag, p99", "s", "How late each event loop turned to what was due.", [
      'max by (role, process) (millrace_process_event_loop_lag_seconds{quantile="0.99"})',
      byProcess,
    ]),
    panel("Open handles", "short", "Sockets, timers and files that each process holds.", [
      "max by (role, process) (millrace_process_open_handles)",
      byProcess,
    ]),
    panel("Requests in flight", "short", "Requests that API processes have not answered yet.", [
      "max by (process) (millrace_process_requests_in_flight)",
      "{{process}}",
    ]),
    panel(
      "Log lines lost, messages dropped",
      "short",
      "Lines that could not be written, and messages that were malformed or not signed.",
      [`max(increase(millrace_log_lines_lost_total[${RATE}]))`, "lines lost"],
      [
        `sum by (source, reason) (increase(millrace_messages_dropped_total[${RATE}])) or vector(0)`,
        "dropped: {{source}} {{reason}}",
      ],
    ),
  ],
};

const queues: RowSpec = {
  title: "Queues",
  panels: [
    panel("Ready", "short", "Tasks that wait, by queue.", [
      'max by (queue) (millrace_queue_tasks{state="ready"})',
      "{{queue}}",
    ]),
    panel("Oldest ready task", "s", "How long the oldest task has waited.", [
      "max by (queue) (millrace_queue_oldest_seconds)",
      "{{queue}}",
    ]),
    panel("Drain rate", "ops", "Tasks that ended, a second, over the last minute.", [
      "max by (queue) (millrace_queue_drain_rate)",
      "{{queue}}",
    ]),
    panel("Dead letters", "short", "Tasks that failed for good and are kept.", [
      'max by (queue) (millrace_queue_tasks{state="dead"})',
      "{{queue}}",
    ]),
    panel(
      "Paused, or without workers",
      "short",
      "1 for queues that hand out nothing, and the tasks of those that no worker takes from.",
      ["max by (queue) (millrace_queue_paused)", "paused: {{queue}}"],
      ["max by (queue) (millrace_queue_unserved_tasks)", "no worker: {{queue}}"],
    ),
    panel("Jobs that have not ended", "short", "By state.", ["max by (state) (millrace_jobs)", "{{state}}"]),
  ],
};

const steps: RowSpec = {
  title: "Steps",
  panels: [
    panel("Attempts", "ops", "Attempts that ended, a second, by how they ended.", [
      `max by (queue, outcome) (rate(millrace_attempts_total[${RATE}]))`,
      "{{queue}} {{outcome}}",
    ]),
    panel("Step time, p95", "s", "How long attempts took.", [
      `histogram_quantile(0.95, max by (le, queue) (rate(millrace_step_duration_seconds_bucket{outcome="succeeded"}[${RATE}])))`,
      "{{queue}}",
    ]),
    panel(
      "Tasks handed back by workers that ended",
      "short",
      "Work that was interrupted in the last hour. Nothing is charged for it.",
      ["max(increase(millrace_interrupted_tasks_total[1h]))", "by any end"],
    ),
  ],
};

const brokers: RowSpec = {
  title: "Records and broker",
  panels: [
    panel(
      "Answering",
      "short",
      "1 while the records, and the broker, answer.",
      ["min by (instance) (millrace_store_up)", "records: {{instance}}"],
      ["min by (instance, broker) (millrace_broker_up)", "{{broker}}: {{instance}}"],
    ),
    panel("Answer time of the broker", "s", "How long the broker took to answer.", [
      "max by (broker) (millrace_broker_answer_seconds)",
      "{{broker}}",
    ]),
    panel(
      "Window and backlog",
      "short",
      "Tasks by state: published are with the broker, ready wait in the records.",
      ["max by (state) (millrace_tasks)", "{{state}}"],
    ),
  ],
};

const streams: RowSpec = {
  title: "Clients",
  panels: [
    panel("Event streams", "short", "Streams that are open.", ["sum(millrace_sse_clients)", "streams"]),
    panel("Unread by streams", "bytes", "What clients of event streams have not taken.", [
      "sum(millrace_sse_unread_bytes)",
      "unread",
    ]),
    panel("Uploads", "Bps", "Bytes of files received, a second.", [
      `sum(rate(millrace_upload_bytes_total[${RATE}]))`,
      "received",
    ]),
  ],
};

const webhooks: RowSpec = {
  title: "Webhooks",
  panels: [
    panel("Endpoints", "short", "By state; those that are disabled, by the reason.", [
      "max by (state) (millrace_webhook_endpoints)",
      "{{state}}",
    ]),
    panel(
      "Deliveries due",
      "short",
      "Deliveries whose next attempt is due, and those that ended over the last minute.",
      ["max(millrace_webhook_deliveries_due)", "due"],
      ["max by (state) (millrace_webhook_ended_deliveries)", "{{state}}, last minute"],
    ),
    panel("Longest overdue", "s", "How long the longest overdue attempt has been due.", [
      "max(millrace_webhook_overdue_seconds)",
      "overdue",
    ]),
  ],
};

const models: RowSpec = {
  title: "Models and their budgets",
  panels: [
    panel("Calls of models", "ops", "Requests to providers, a second, by how they ended.", [
      `max by (model, outcome) (rate(millrace_model_calls_total[${RATE}]))`,
      "{{model}} {{outcome}}",
    ]),
    panel(
      "Requests a minute, and the limit",
      "short",
      "What providers counted, beside the limit of the settings.",
      [
        'sum by (model) (max by (model, outcome) (rate(millrace_model_calls_total{outcome!="refused"}[2m]))) * 60',
        "{{model}}",
      ],
      ['max by (model) (millrace_model_limit{limit="requestsPerMinute"})', "limit: {{model}}"],
    ),
    panel(
      "Tokens a minute, and the limit",
      "short",
      "Input and output, beside the limit of both together.",
      [
        'max by (model, kind) (rate(millrace_model_tokens_total{kind=~"input|output"}[2m])) * 60',
        "{{model}} {{kind}}",
      ],
      ['max by (model) (millrace_model_limit{limit="tokensPerMinute"})', "limit: {{model}}"],
    ),
    panel(
      "Calls that wait, and refusals",
      "short",
      "Turns that are booked and have not come, and calls that a limit refused all the same.",
      ["max by (model) (millrace_model_waiting_calls)", "wait: {{model}}"],
      [
        'max by (model) (increase(millrace_model_calls_total{outcome="refused"}[5m]))',
        "refused in 5 min: {{model}}",
      ],
    ),
    panel("Wait for a turn", "s", "Until the last booked turn comes.", [
      "max by (model) (millrace_model_longest_wait_seconds)",
      "{{model}}",
    ]),
    panel("Cost", "currencyUSD", "US dollars over the last hour, by the prices of the settings.", [
      "max by (model) (increase(millrace_model_cost_usd_total[1h]))",
      "{{model}}",
    ]),
  ],
};

const access: RowSpec = {
  title: "Revocations and replicated maps",
  panels: [
    panel(
      "Revocation lag",
      "s",
      "From a revocation until a process refuses the token, measured every 5 s.",
      [`histogram_quantile(0.99, sum by (le) (rate(millrace_revocation_seconds_bucket[${RATE}])))`, "p99"],
      [`histogram_quantile(0.5, sum by (le) (rate(millrace_revocation_seconds_bucket[${RATE}])))`, "median"],
    ),
    panel("Age of maps", "s", "Since each map in memory was proven to be complete.", [
      "max by (map) (millrace_replica_age_seconds)",
      "{{map}}",
    ]),
    panel("Entries of maps", "short", "What each process keeps in memory.", [
      "max by (map) (millrace_replica_entries)",
      "{{map}}",
    ]),
  ],
};

const scaling: RowSpec = {
  title: "Scaling",
  panels: [
    panel(
      "Workers that follow demand",
      "short",
      "Of supervisors and autoscalers: wanted, running and the most there may be.",
      ["max by (process) (millrace_scale_workers_wanted)", "wanted: {{process}}"],
      ["max by (process) (millrace_scale_workers)", "running: {{process}}"],
      ['max by (process) (millrace_scale_workers_limit{bound="max"})', "limit: {{process}}"],
    ),
    panel("Started and ended", "short", "Workers started and ended to follow demand, in the last hour.", [
      "max by (process, direction) (increase(millrace_scale_changes_total[1h]))",
      "{{direction}}: {{process}}",
    ]),
    panel(
      "Tasks interrupted by scale-ins",
      "short",
      "Stays 0: a worker that is to end finishes what it runs.",
      ["max by (process) (millrace_scale_interrupted_tasks_total)", "{{process}}"],
    ),
  ],
};

export const rows: readonly RowSpec[] = [
  overview,
  processes,
  queues,
  steps,
  brokers,
  streams,
  webhooks,
  models,
  access,
  scaling,
];
