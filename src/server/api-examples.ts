const JOB_ID = "0199a3f2-7c1e-7d3a-9b52-4f6f1c2a8d10";
const AT = "2030-01-31T08:00:00.000Z";

const photo = {
  artifactId: "0199a3f2-7c20-7a55-8c11-2b7e9d0f4a61",
  name: "photo.jpg",
  bytes: 2_483_107,
  sha256: "9f2c4b1d7e83a6505d1b8e0c3f7a92641c5e8d70b3f9a214668dc0e75b12fa39",
  mediaType: "image/jpeg",
};
const converted = {
  artifactId: "0199a3f2-9d84-7b0e-a1f7-5c3d8e6b2f90",
  name: "photo.webp",
  bytes: 184_212,
  sha256: "4be7d21c90a3f86e17c5b2049d6fe8317a0c94d25e6b18f3c7a9d0426e53bf81",
  mediaType: "image/webp",
  meta: { width: 1280, height: 853, format: "webp", frames: 1 },
};
const item = {
  ...{
    index: 0,
    name: "photo.jpg",
    state: "queued",
    step: "convert",
    attempt: 0,
    cached: false,
    url: null,
    options: null,
  },
  ...{ input: photo, data: null, dataFile: null, outputs: [], result: null, resultFile: null, error: null },
  ...{ warnings: [], children: [], parts: { total: 0, done: 0, failed: 0 }, steps: [] },
};
const queued = {
  ...{ id: JOB_ID, pipeline: "image.convert", pipelineVersion: 1, state: "queued" },
  options: { format: "webp", width: 1280 },
  ...{ metadata: { order: "1042" }, priority: 4, run: 1 },
  progress: { total: 1, done: 0, failed: 0, cached: 0, fraction: 0 },
  firstItem: "photo.jpg",
  ...{ items: [item], result: null, resultFile: null, outputs: [], error: null, warnings: [], steps: [] },
  ...{ parent: null, children: [], createdAt: AT, waiting: null, notify: [] },
  ...{ startAt: null, startedAt: null, finishedAt: null, expiresAt: null },
  archive: { downloadedAt: null },
};
const step = {
  ...{ name: "convert", state: "succeeded", attempt: 1, startedAt: "2030-01-31T08:00:00.040Z", ms: 412 },
  ...{ cached: false, outputs: [converted], result: null, resultFile: null, warnings: [], error: null },
};
const succeeded = {
  ...queued,
  state: "succeeded",
  progress: { total: 1, done: 1, failed: 0, cached: 0, fraction: 1 },
  items: [{ ...item, state: "succeeded", attempt: 1, outputs: [converted], steps: [step] }],
  startedAt: "2030-01-31T08:00:00.040Z",
  finishedAt: "2030-01-31T08:00:00.452Z",
  expiresAt: "2030-02-07T08:00:00.452Z",
};

const stream = `id: 1
event: job.created
data: ${JSON.stringify({ jobId: JOB_ID, at: AT, state: "queued", progress: queued.progress, pipeline: "image.convert" })}

event: item.progress
data: ${JSON.stringify({ jobId: JOB_ID, index: 0, attempt: 1, progress: queued.progress, step: "convert", fraction: 0.5, message: "convert" })}

id: 5
event: job.succeeded
data: ${JSON.stringify({ jobId: JOB_ID, at: succeeded.finishedAt, state: "succeeded", progress: succeeded.progress })}
`;

interface Examples {
  /** By media type. */
  request?: Record<string, unknown>;
  /** Of the successful response, by media type. */
  response?: Record<string, unknown>;
}

const creation = {
  "multipart/form-data": {
    pipeline: "image.convert",
    options: '{"format": "webp", "width": 1280}',
    files: ["photo.jpg"],
  },
  "application/json": {
    pipeline: "image.convert",
    options: { format: "webp", width: 1280 },
    files: [{ url: "https://files.example/photo.jpg" }],
    metadata: { order: "1042" },
  },
};

/** Examples for the OpenAPI document, by operation id: the calls that newcomers make first. */
export const apiExamples: Record<string, Examples> = {
  createJob: { request: creation, response: { "application/json": queued } },
  quoteJob: {
    request: creation,
    response: {
      "application/json": {
        ...{ position: 3, waitSeconds: 1.5, cached: false, cachedItems: 0, items: 1, costUnits: 1 },
      },
    },
  },
  job: { response: { "application/json": succeeded } },
  jobs: { response: { "application/json": { items: [{ ...succeeded, items: [] }], nextCursor: null } } },
  jobEvents: { response: { "text/event-stream": stream } },
  events: { response: { "text/event-stream": stream } },
};
