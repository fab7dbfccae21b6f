/** Definitions for readers of a report. Each is one item of a list. */
export const timeTerms: readonly string[] = [
  "`accept`: from when a request was due until the server accepted it with a `202` response.",
  "`wait`: from then until the work began. If a request was answered without a `202`, from when it was due.",
  "`service`: from then until the work was finished.",
  "`total`: from when a request was due until its client had the result. Only requests that ended as `ok` count.",
  "p50, p90, p95, p99: percentiles. 95% of all values are at most the p95. The p50 is the median.",
  "Idle endpoint: an endpoint that does nothing, called ten times a second to see how the load affects other users.",
];

export const outcomeTerms: readonly string[] = [
  "`ok`: the right result within the deadline.",
  "`refused`: the server rejected the request (429, 503 or 507), or no connection could be made.",
  "`timed-out`: no result within the deadline.",
  "`lost`: accepted, but the server no longer knows the request.",
  "`wrong`: a result that is not the expected one.",
  "`error`: any other failure, such as a 500, a failed job or a broken connection.",
];

export const studyTerms: readonly string[] = [
  "Cell: one architecture with one number of workers, under one load. Each round measures a cell once.",
  "Load `poll`, the original's: all users send one request at the same moment, then poll or wait for the result.",
  "Load `closed`: each user sends the next request when the previous one is answered.",
  "Load `open`: requests arrive at random times at a fixed rate, whether or not earlier ones were answered.",
  "`pool 10, queue 25`: 10 threads and 25 places to wait. When both are full, the caller runs the work in the web " +
    "server's own thread, or the server refuses the request.",
  "`completed/s`: results per second, in time or not.",
  "`busy`: the time spent on requests, as a share of the time of all workers. Without a queue, one worker can handle " +
    "several requests at once and exceed 100%.",
  "`peak MiB`: the most memory that all processes of a cell held together. `CPU s`: their processor time in seconds.",
  "`littles-law` checks that the sampled number of requests in the system agrees with the number that follows from " +
    "their times. `saturation` checks the throughput of a closed loop against the number of requests that can run at " +
    "once ÷ the time of one request.",
  "✓: every check passed. ✗: a check failed, with the number of rounds. Empty: no check applies.",
  "–: not measured.",
];
