import type { Readable } from "node:stream";
import type { MultipartFile, MultipartValue } from "@fastify/multipart";
import { safeName } from "../../domain/file-name.ts";
import type { JobFile, ReceivedFile } from "../../engine/engine.ts";
import { fileFault, isFileFault, refusedFile } from "../../engine/file-faults.ts";
import { mostItems } from "../../engine/intake/admit.ts";
import { jsonFault } from "../../engine/intake/json-bounds.ts";
import { peekHead } from "../../engine/peek-head.ts";
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
  optionFiles: Map<string, ReceivedFile>;
  /** `null` for a quote, which needs no room. */
  admission: AdmissionWindow | null;
}

/** What the request means to do with the form. */
export interface FormPurpose {
  /** Whether room in the queue is reserved as the form is read. */
  reserves: boolean;
  owner: string;
  idempotencyKey?: string;
}

export type Reading = Pick<ServerContext, "engine" | "limits" | "metrics">;

/** Path of an option: `watermark.image`. */
const OPTION_PATH = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/;
/** What a form has said so far. Refuses as soon as something does not fit. */
export class FormReader {
  private readonly context: Reading;
  private readonly purpose: FormPurpose;
  private readonly signal: AbortSignal;
  private readonly fields = new Map<string, unknown>();
  private readonly files: JobFile[] = [];
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
        "A part named files is neither a file (it has no file name) nor JSON that names some.",
        { extra: { issues: [{ path: name, message: "is not a field of a job" }] } },
      );
    }
    if (this.fields.has(name)) throw new MillraceError("invalid_request", `The field ${name} comes twice.`);
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
      throw new MillraceError("invalid_request", "The field pipeline must be the name of one.");
    }
    await this.admit(part.value);
  }

  async file(part: MultipartFile): Promise<void> {
    // What a browser sends for a file input in which nothing was chosen.
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
    return { fields, files, optionFiles, admission };
  }

  async release(): Promise<void> {
    await this.admission?.release(false);
    await this.context.engine.discard([...this.received(), ...this.optionFiles.values()]);
  }

  private async admit(name: string): Promise<void> {
    const pipeline = this.context.engine.pipelines.get(name);
    if (!pipeline) throw new MillraceError("not_found", `There is no pipeline ${quoted(name)}.`);
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
      // The parser goes on when the file has been read to its end.
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
    for (const file of references) this.files.push(await referredFile(engine, this.purpose.owner, file));
  }

  private received(): ReceivedFile[] {
    return this.files.filter((file) => "blob" in file);
  }

  private async addOptionFile(part: MultipartFile): Promise<void> {
    const path = part.fieldname;
    if (typeof path !== "string" || !OPTION_PATH.test(path) || FIELD_NAMES.has(path)) {
      throw new MillraceError(
        "invalid_request",
        `A file came as ${quoted(path)}: files of the job are named files, others after their option.`,
      );
    }
    if (this.pipeline) refusePart(path, this.pipeline);
    if (this.optionFiles.has(path))
      throw new MillraceError("invalid_request", `The file ${path} comes twice.`);
    const most = this.context.limits.optionFiles;
    if (this.optionFiles.size >= most) {
      throw new MillraceError("too_many_files", `Options may name at most ${most} files.`, {
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

  /** While the pipeline is not known yet, what any pipeline would take. */
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

/** References come as a list or as one; a file whose name was forgotten is neither. */
function isJsonText({ value, valueTruncated }: MultipartValue): boolean {
  return !valueTruncated && (typeof value === "string" ? /^\s*[[{]/.test(value) : value instanceof Object);
}

/** Bytes of a field; a part of type application/json comes parsed, and what is too deep is refused by its schema. */
function fieldSize(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  return jsonFault(value) === null ? Buffer.byteLength(JSON.stringify(value) ?? "") : 0;
}

/** Reads the first bytes of a file; the part goes on with all of them. */
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
    throw new MillraceError("too_many_files", `At most ${limit} files are accepted.`, { extra: { limit } });
  }
}

function quoted(text: unknown): string {
  const shown = String(text);
  return `"${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}"`;
}
