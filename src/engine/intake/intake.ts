import type { Readable } from "node:stream";
import type { CreateJob } from "../../domain/commands.ts";
import type { Outgoing } from "../../outgoing/outgoing.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import type { Created } from "../../ports/store/jobs.ts";
import type { Store } from "../../ports/store/store.ts";
import type {
  Admission,
  AdmissionRequest,
  JobRequest,
  Pipelines,
  Quote,
  ReceivedFile,
  ReceiveOptions,
} from "../engine.ts";
import { unknownPipeline } from "../pipelines.ts";
import type { QuotaGuard } from "../quotas.ts";
import { unwrap } from "../unwrap.ts";
import { reserveRoom } from "./admit.ts";
import { diskRoom } from "./disk-room.ts";
import { itemFiles, pinsOf } from "./item-files.ts";
import { prepareJob, type Retention } from "./prepare-job.ts";
import { quoteOf } from "./quote.ts";
import { receiveFile } from "./receive.ts";
import { refusedJob } from "./refused-job.ts";

export interface IntakeOptions extends Retention {
  quotas: QuotaGuard | null;
  /** Whether pipelines that are `shareable` share results between owners. */
  sharesResults: boolean;
  store: Store;
  blobs: BlobStore;
  pipelines: Pipelines;
  outgoing: Outgoing;
}

/** Accepts work: admission, uploads, options, and the one transaction that makes it a job. */
export function intake(options: IntakeOptions) {
  const { store, blobs, pipelines, outgoing, quotas, sharesResults, ...retention } = options;
  const room = diskRoom(blobs);
  const keeping = { blobs, store };
  const files = itemFiles({ store, outgoing });

  const prepare = async (request: JobRequest): Promise<CreateJob> => {
    const pipeline = request.admission?.pipeline ?? pipelineFor(pipelines, request);
    return prepareJob({ keeping, files, retention, sharesResults }, pipeline, request);
  };
  const unpin = async (keys: readonly string[]): Promise<void> => {
    if (keys.length > 0) await store.unpin({ keys: [...keys] });
  };
  /** Releases the stored data of a job that was not created. */
  const discardData = ({ items }: CreateJob) => unpin(items.flatMap(({ data }) => data?.file?.blob ?? []));

  return {
    room,
    prepare,

    discard: (received: readonly ReceivedFile[]): Promise<void> => unpin(pinsOf(received)),

    async admit(request: AdmissionRequest): Promise<Admission> {
      const { owner, idempotencyKey: key } = request;
      const pipeline = pipelineFor(pipelines, request);
      if (key !== undefined && (await store.knownKey({ owner, key, now: store.now() }))) {
        return { id: "", pipeline, release: async () => {} };
      }
      await quotas?.check(owner);
      await room();
      return reserveRoom(store, pipeline, request);
    },

    async receive(source: Readable, options: ReceiveOptions): Promise<ReceivedFile> {
      await room();
      return receiveFile({ ...keeping, quotas }, source, options);
    },

    async createJob(request: JobRequest): Promise<Created> {
      const { refusal, pipeline } = request;
      const command = refusal
        ? refusedJob(request, refusal, pipelines.get(pipeline), { now: store.now(), ...retention })
        : await prepare(request);
      const created = await store.createJob(command).then(unwrap, async (error) => {
        await discardData(command);
        throw error;
      });
      if (!created.created) await discardData(command);
      return created;
    },

    async quote(request: JobRequest): Promise<Quote> {
      const command = await prepare(request);
      await discardData(command);
      return quoteOf(store, command);
    },
  };
}

function pipelineFor(
  pipelines: Pipelines,
  { pipeline: name, fromInside = false }: Pick<JobRequest, "pipeline" | "fromInside">,
): Pipeline {
  const pipeline = pipelines.get(name);
  if (pipeline && (fromInside || !pipeline.internal)) return pipeline;
  throw unknownPipeline(name, pipelines, { fromInside });
}
