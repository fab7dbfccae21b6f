import type { AiService } from "../ai/service.ts";
import { archiveDownloadRecords } from "../database/archive-downloads.ts";
import { pictureRecords } from "../database/pictures.ts";
import { publicationRecords } from "../database/publications.ts";
import type { Tables } from "../database/tables.ts";
import { uploadRecords } from "../database/uploads.ts";
import type { Signer } from "../domain/keys.ts";
import { MillraceError } from "../errors.ts";
import { createOutgoing, type Outgoing } from "../outgoing/outgoing.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Broker } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { ObjectReader } from "../ports/objects.ts";
import type { Result } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import { createArchiveDownloads } from "./archive-downloads.ts";
import type { Catalogs } from "./catalogs/catalogs.ts";
import type { Engine, Inbox, JobRequest, Pipelines } from "./engine.ts";
import { fileSource } from "./file-source.ts";
import { inbox } from "./inbox.ts";
import { intake } from "./intake/intake.ts";
import { jobCommands } from "./job-commands.ts";
import { countDrops, type Drops } from "./messages/drops.ts";
import { hints as makeHints } from "./messages/hints.ts";
import { messageReader } from "./messages/read.ts";
import { topics } from "./messages/topics.ts";
import { createPictures } from "./pictures.ts";
import { createPublications } from "./publications.ts";
import { changePublisher } from "./publish-changes.ts";
import type { QuotaGuard } from "./quotas.ts";
import { createSchedules } from "./schedules/create-schedules.ts";
import { createUploads } from "./uploads/create-uploads.ts";

const DAY_MS = 24 * 3_600_000;

export interface EngineParts {
  store: Store;
  database: Database<Tables>;
  blobs: BlobStore;
  broker: Broker;
  bus: Bus;
  pipelines: Pipelines;
  /** Default retention of results. @default 7 days */
  retentionMs?: number;
  /** Default minimum retention of jobs with dead letters. @default 30 days */
  deadLetterRetentionMs?: number;
  /** @default one that reaches only public addresses */
  outgoing?: Outgoing;
  /** @default there are none */
  catalogs?: Catalogs;
  /** Opens the limiter that keeps the budgets of steps, when a step first needs it. @default none is wired */
  limiter?: () => Promise<Limiter>;
  /** The AI service for steps. @default none is configured */
  ai?: AiService | null;
  /** Prefix of public file URLs; `null`: none are published. @default null */
  cdnUrl?: string | null;
  /** Buckets whose objects become jobs. @default none */
  objects?: ObjectReader | null;
  /** Signs what goes through the broker; `null` if nobody else can reach it. @default null */
  hintSigner?: Signer | null;
  /** @default no quotas */
  quotas?: QuotaGuard | null;
  /**
   * Whether pipelines may share results between owners. Turn it off if owners are strangers: a hit reveals that another
   * owner had the same file. @default true
   */
  sharesResults?: boolean;
  /** @default counts without logging */
  drops?: Drops;
}

export function createEngine(parts: EngineParts): Engine {
  const { store, database, blobs, broker, bus, pipelines } = parts;
  const { drops = countDrops(), outgoing = createOutgoing(), quotas = null } = parts;
  const hints = makeHints(parts.hintSigner ?? null);
  const publishChanges = changePublisher(store, broker, bus, hints);
  // A lost message is harmless: listeners also poll once a second.
  store.onAppended?.((owners) => {
    for (const owner of owners) bus.publish(topics.log, owner).catch(() => {});
  });
  const { retentionMs = 7 * DAY_MS, deadLetterRetentionMs = 30 * DAY_MS } = parts;
  const { sharesResults = true } = parts;
  const take = intake({
    ...{ store, blobs, pipelines, outgoing, quotas, sharesResults },
    ...{ retentionMs, deadLetterRetentionMs },
  });
  const publications = createPublications({
    ...{ records: publicationRecords(database), store },
    cdnUrl: parts.cdnUrl ?? null,
  });
  const uploads = createUploads({
    publications,
    ...{ records: uploadRecords(database), store, blobs, pipelines },
    quotas,
    room: take.room,
    receiveFile: (source, { name, bytes }) =>
      take.receive(source, { name, mediaTypes: ["*"], maxBytes: bytes }),
  });

  const createJob = async (request: JobRequest) => {
    const created = await take.createJob(request);
    // The job is safe, so the response does not wait for the broker.
    if (created.deliveries.length > 0) void publishChanges(created);
    return created;
  };
  /**
   * Creates jobs for clients and schedules within the owner's quotas. Jobs submitted by SQL do not pass here: their
   * transaction has already committed.
   */
  const createCounted = async (request: JobRequest) => {
    if (!quotas) return createJob(request);
    const { owner, idempotencyKey: key, files, items } = request;
    const isRepeated = key !== undefined && (await store.knownKey({ owner, key, now: store.now() }));
    if (isRepeated) return createJob(request);
    return quotas.counted(owner, Math.max(1, files.length, items?.length ?? 0), () => createJob(request));
  };
  const submitted = store.name === "postgres" ? inbox({ store, database, createJob }) : null;
  const { admit, prepare } = take;
  const schedules = createSchedules({ store, database, pipelines, admit, prepare, createJob: createCounted });
  const known = submitted ? readingInbox(store, submitted) : store;
  const commands = jobCommands(known, publications, publishChanges);
  /** A retried job counts as one more in flight; its items were counted when it was created. */
  const retryCounted: Engine["retryJob"] = async (owner, id) => {
    if (!quotas) return commands.retryJob(owner, id);
    const again = async () => ({ created: true, ...(await commands.retryJob(owner, id)) });
    const { items } = await quotas.counted(owner, 0, again);
    return { items };
  };

  return {
    store: known,
    inbox: submitted,
    database,
    blobs,
    broker,
    bus,
    pipelines,
    uploads,
    outgoing,
    files: fileSource({ outgoing, objects: parts.objects ?? null, room: take.room, now: store.now }),
    schedules,
    catalogs: parts.catalogs ?? { list: () => [], get: noCatalog },
    limiter: parts.limiter ?? noLimiter,
    ai: parts.ai ?? null,
    publications,
    archiveDownloads: createArchiveDownloads(archiveDownloadRecords(database), store),
    pictures: createPictures(pictureRecords(database), store),
    hints,
    messages: messageReader(drops),
    drops,
    publishChanges,
    admit,
    room: take.room,
    receive: take.receive,
    discard: take.discard,
    quote: take.quote,
    prepare,
    createJob: createCounted,
    ...commands,
    retryJob: retryCounted,
  };
}

function noCatalog(): never {
  throw new MillraceError("not_found", "There is no such catalog.");
}

async function noLimiter(): Promise<never> {
  throw new MillraceError(
    "config_invalid",
    "This engine was made without a limiter, which keeps the budgets of steps.",
  );
}

/** Makes submitted jobs visible as soon as the submitting transaction has committed. */
function readingInbox(store: Store, submitted: Inbox): Store {
  const orTaken = async <T>(id: string, ask: () => Promise<Result<T>>): Promise<Result<T>> => {
    const result = await ask();
    if (result.ok || result.code !== "not_found") return result;
    await submitted.takeOne(id);
    return ask();
  };
  return {
    ...store,
    cancelJob: (command) => orTaken(command.id, () => store.cancelJob(command)),
    reopenJob: (command) => orTaken(command.id, () => store.reopenJob(command)),
    async job(query) {
      const found = await store.job(query);
      if (found) return found;
      // Also when there is no row: the reader may have made a job of it in the meantime.
      await submitted.takeOne(query.id);
      return store.job(query);
    },
  };
}
