import type { Readable } from "node:stream";
import type { MultipartFile, MultipartValue } from "@fastify/multipart";
import { safeName } from "../../domain/file-name.ts";
import type { JobFile, ReceivedFile } from "../../engine/engine.ts";
import { fileFault, isFileFault, refusedFile } from "../../engine/file-faults.ts";
import { mostItems } from "../../engine/intake/admit.ts";
import { jsonFault } from "../../engine/intake/json-bounds.ts";
import { peekHead } from "../../engine/peek-head.ts";
import { unknownPipeline } from "../../engine/pipelines.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { ServerContext } from "../context.ts";
import { type AdmissionWindow, openAdmission } from "./admission-window.ts";
import { InvalidFiles, lend } from "./invalid-files.ts";
import {
  FIELD_NAMES,
  hasRemote,
  type JobFields,
  parseFormFields,
  parseReferences,
  startsLater,
} from "./job-fields.ts";
import { refusePart, unknownPart } from "./known-parts.ts";
import { referredFile } from "./referred-file.ts";

export interface JobForm {
  fields: JobFields;
  files: JobFile[];
  /** By index of the file. */
  fileOptions: (object | null | undefined)[];
  optionFiles: Map<string, ReceivedFile>;
  /** `null` for a quote, which needs no room in the queue. */
  admission: AdmissionWindow | null;
}

/** What the request will do with the form. */
export interface FormPurpose {
  /** Whether to reserve room in the queue while reading. */
  reserves: boolean;
  owner: string;
  idempotencyKey?: string;
}

export type Reading = Pick<ServerContext, "engine" | "limits" | "metrics">;

/** Path of an option, such as `watermark.image`. */
const OPTION_PATH = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/;
/** Collects the parts of a form. Rejects as soon as one is invalid. */
export class FormReader {
  private readonly context: Reading;
  private readonly purpose: FormPurpose;
  private readonly signal: AbortSignal;
  private readonly fields = new Map<string, unknown>();
  private readonly files: JobFile[] = [];
  /** Options from references, by index of the file. */
  private readonly referenceOptions = new Map<number, object>();
  private readonly optionFiles = new Map<string, ReceivedFile>();
  private pipeline: Pipeline | null = null;
  private admission: AdmissionWindow | null = null;
  private readonly invalid = new InvalidFiles();

  constructor(context: Reading, purpose: FormPurpose, signal: AbortSignal) {
    this.context = context;
    this.purpose = purpose;
    this.signal = signal;
  }

  async field(part: MultipartValue): Promise<void> {
    const name = part.fieldname;
    if (name === "files" && isJsonText(part)) return this.addReferences(part.value);
    if (!FIELD_NAMES.has(name) && name !== "files") throw unknownPart(String(name), this.pipeline);
    if (name === "files") {
      throw new MillraceError(
        "invalid_request",
        "A part named files is neither a file (it has no file name) nor JSON with file references.",
        { extra: { issues: [{ path: name, message: "is not a field of a job" }] } },
      );
    }
    if (this.fields.has(name)) throw new MillraceError("invalid_request", `The field ${name} appears twice.`);
    const { fieldBytes, itemsBytes } = this.context.limits;
    const limit = name === "items" ? itemsBytes : fieldBytes;
    if (part.valueTruncated || (name !== "items" && fieldSize(part.value) > limit)) {
      throw new MillraceError("request_too_large", `The field ${name} is larger than ${limit} bytes.`, {
        extra: { limit },
      });
    }
    this.fields.set(name, part.value);
    if (name === "onInvalidFile") this.invalid.decide(part.value);
    if (name !== "pipeline") return;
    if (typeof part.value !== "string") {
      throw new MillraceError("invalid_request", "The field pipeline must be the name of a pipeline.");
    }
    await this.admit(part.value);
  }

  async file(part: MultipartFile): Promise<void> {
    // Browsers send such a part for a file input with no file chosen.
    if (!part.filename && (await isEmpty(part))) return;
    if (part.fieldname === "files") await this.addFile(part);
    else await this.addOptionFile(part);
  }

  async finish(): Promise<JobForm> {
    const fields = parseFormFields(this.fields);
    this.invalid.decide(fields.onInvalidFile);
    const { admission, files, optionFiles } = this;
    const kind = { delayed: startsLater(fields, this.context.engine), fetches: hasRemote(files) };
    await admission?.confirm(Math.max(1, files.length, fields.items.length), kind);
    const fileOptions: JobForm["fileOptions"] = [...fields.fileOptions];
    for (const [n, options] of this.referenceOptions) {
      if (fileOptions[n]) throw twoOptions(n);
      fileOptions[n] = options;
    }
    return { fields, files, fileOptions, optionFiles, admission };
  }

  async release(): Promise<void> {
    await this.admission?.release(false);
    await this.context.engine.discard([...this.received(), ...this.optionFiles.values()]);
  }

  private async admit(name: string): Promise<void> {
    const pipeline = this.context.engine.pipelines.get(name);
    if (!pipeline || pipeline.internal) throw unknownPipeline(name, this.context.engine.pipelines);
    this.pipeline = pipeline;
    refuseCount(this.files.length, pipeline.accepts.maxFiles);
    for (const path of this.optionFiles.keys()) refusePart(path, pipeline);
    const most = mostItems(pipeline);
    for (const file of this.received()) {
      const fault = fileFault(file, pipeline.accepts);
      if (fault) this.invalid.add(fault);
    }
    if (!this.purpose.reserves) return;
    const { owner, idempotencyKey } = this.purpose;
    this.admission = openAdmission(this.context.engine, { owner, pipeline: name, most, idempotencyKey });
    await this.admission.cover(Math.max(1, this.files.length));
  }

  private async addFile(part: MultipartFile): Promise<void> {
    const accepts = this.accepts();
    refuseCount(this.files.length + 1, accepts.maxFiles);
    await this.admission?.cover(this.files.length + 1);
    const most = accepts.maxFiles * accepts.maxFileBytes;
    const { file } = part;
    if (!this.invalid.isRejecting) part.file = asPart(lend(file));
    try {
      const received = await this.receive(part, accepts.mediaTypes, accepts.maxFileBytes);
      this.files.push(received);
      this.invalid.came(received.bytes, most);
    } catch (error) {
      if (this.invalid.isRejecting || !isFileFault(error)) throw error;
      this.files.push(refusedFile(safeName(part.filename ?? ""), error));
      this.invalid.add(error);
      file.unpipe();
      part.file.destroy();
      // The parser continues only after the file has been read to its end.
      for await (const piece of file) this.invalid.came((piece as Buffer).length, most);
    } finally {
      part.file = file;
    }
  }

  private async addReferences(value: unknown): Promise<void> {
    const references = parseReferences(value);
    const { engine } = this.context;
    refuseCount(this.files.length + references.length, this.accepts().maxFiles);
    await this.admission?.cover(Math.max(1, this.files.length + references.length));
    for (const file of references) {
      if (file.options) this.referenceOptions.set(this.files.length, file.options);
      this.files.push(await referredFile(engine, this.purpose.owner, file));
    }
  }

  private received(): ReceivedFile[] {
    return this.files.filter((file) => "blob" in file);
  }

  private async addOptionFile(part: MultipartFile): Promise<void> {
    const path = part.fieldname;
    if (typeof path !== "string" || !OPTION_PATH.test(path) || FIELD_NAMES.has(path)) {
      throw new MillraceError(
        "invalid_request",
        `A file is named ${quoted(path)}. Use the name files for the job's files, and the name of the option for others.`,
      );
    }
    if (this.pipeline) refusePart(path, this.pipeline);
    if (this.optionFiles.has(path))
      throw new MillraceError("invalid_request", `The file ${path} appears twice.`);
    const most = this.context.limits.optionFiles;
    if (this.optionFiles.size >= most) {
      throw new MillraceError("too_many_files", `Options can refer to at most ${most} files.`, {
        extra: { limit: most },
      });
    }
    this.optionFiles.set(path, await this.receive(part, ["*"], this.accepts().maxFileBytes));
  }

  private async receive(
    part: MultipartFile,
    mediaTypes: readonly string[],
    maxBytes: number,
  ): Promise<ReceivedFile> {
    let broken: unknown = null;
    part.file.once("error", (error) => {
      broken = error;
    });
    try {
      const received = await this.context.engine.receive(part.file, {
        name: part.filename ?? "",
        mediaTypes,
        maxBytes,
        owner: this.purpose.owner,
        signal: this.signal,
      });
      this.context.metrics.uploaded(received.bytes);
      return received;
    } catch (error) {
      throw broken ?? error;
    }
  }

  /** Limits of the pipeline. Until it is known, the loosest of all pipelines. */
  private accepts(): { mediaTypes: readonly string[]; maxFiles: number; maxFileBytes: number } {
    if (this.pipeline) return this.pipeline.accepts;
    const all = this.context.engine.pipelines.list().map((pipeline) => pipeline.accepts);
    return {
      mediaTypes: ["*"],
      maxFiles: Math.max(0, ...all.map((accepts) => accepts.maxFiles)),
      maxFileBytes: Math.max(0, ...all.map((accepts) => accepts.maxFileBytes)),
    };
  }
}

/** References arrive as JSON: a list or a single one. A file sent without a name is neither. */
function isJsonText({ value, valueTruncated }: MultipartValue): boolean {
  return !valueTruncated && (typeof value === "string" ? /^\s*[[{]/.test(value) : value instanceof Object);
}

/** Size of a field in bytes. An application/json part arrives parsed. If it is too deep, its schema rejects it. */
function fieldSize(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return jsonFault(value) === null ? Buffer.byteLength(JSON.stringify(value) ?? "") : 0;
}

/** Peeks at the file without losing its first bytes. */
async function isEmpty(part: MultipartFile): Promise<boolean> {
  const { head, whole } = await peekHead(part.file, 1);
  if (head.length === 0) return true;
  part.file = asPart(whole);
  return false;
}

function asPart(file: Readable): MultipartFile["file"] {
  return Object.assign(file, { truncated: false, bytesRead: 0 });
}

function refuseCount(files: number, limit: number): void {
  if (files > limit) {
    throw new MillraceError("too_many_files", `A job takes at most ${limit} files.`, { extra: { limit } });
  }
}

function twoOptions(n: number): MillraceError {
  const text = `File ${n} has options of its own both in its reference and in fileOptions.`;
  return new MillraceError("invalid_request", text, {
    extra: { issues: [{ path: `fileOptions.${n}`, message: "The file's reference has options already." }] },
  });
}

function quoted(text: unknown): string {
  const shown = String(text);
  return `"${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}"`;
}
