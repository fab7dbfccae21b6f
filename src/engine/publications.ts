import type { PublicationRecord, PublicationRecords } from "../database/publications.ts";
import type { FileRef } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { FileStore } from "../ports/store/files.ts";
import type { Store } from "../ports/store/store.ts";

/** Expiry of a publication's pin, which lasts until the publication ends: the year 2286. */
const FOREVER = 9_999_999_999_999;
const PAGE = 500;

/** Files with public URLs, which depend only on their content. */
export interface Publications {
  /** The public URL of this content, published or not; `null` if the server publishes nothing. */
  addressOf(content: Pick<FileRef, "sha256" | "mediaType">): string | null;
  /** The same for a file that has not arrived yet, by its name. */
  addressOfNamed(content: { sha256: string; name: string }): string;
  /** Publishes a file of a job and returns its URL. Idempotent. Rejects with `publishing_off`. */
  publish(file: FileRef, job: { id: string; owner: string }): Promise<string>;
  /** Finds a publication by the last segment of its URL, such as `<sha256>.webp`. */
  find(name: string): Promise<PublicationRecord | null>;
  list(query: { owner: string; jobId?: string; after?: string; limit: number }): Promise<PublicationRecord[]>;
  /** Ends one publication; false if it did not exist. */
  end(owner: string, id: string): Promise<boolean>;
  /** Ends all publications of a job, or of an owner. */
  endAll(owner: string, jobId?: string): Promise<void>;
}

export interface PublicationParts {
  records: PublicationRecords;
  store: Pick<Store, "now"> & Pick<FileStore, "pin" | "unpin">;
  /** Prefix of public URLs; `null`: nothing is published. */
  cdnUrl: string | null;
}

export function createPublications({ records, store, cdnUrl }: PublicationParts): Publications {
  const base = cdnUrl?.replace(/\/+$/, "") ?? null;
  const addressOf: Publications["addressOf"] = ({ sha256, mediaType }) =>
    base === null ? null : `${base}/p/${sha256}.${extensionOf(mediaType)}`;

  const noAddress = () =>
    new MillraceError(
      "publishing_off",
      "This server does not publish files. Its operator must set MILLRACE_CDN_URL first.",
    );

  const end = async (owner: string, id: string): Promise<boolean> => {
    const ended = await records.end(owner, id);
    if (ended?.pinned) await store.unpin({ keys: [ended.blob] });
    return ended !== null;
  };

  return {
    addressOf,
    addressOfNamed({ sha256, name }) {
      if (base === null) throw noAddress();
      const extension = /\.([a-z0-9]{1,10})$/.exec(name.toLowerCase())?.[1] ?? "bin";
      return `${base}/p/${sha256}.${SPELLINGS[extension] ?? extension}`;
    },
    async publish(file, { id: jobId, owner }) {
      const address = addressOf(file);
      if (address === null) throw noAddress();
      const { artifactId: id, sha256, blob, bytes, name, mediaType } = file;
      const record = {
        ...{ id, owner, jobId, sha256, blob, bytes, name, mediaType },
        createdAt: store.now(),
      };
      if (await records.begin(record)) {
        const { key } = await store.pin({ key: blob, sha256, bytes, until: FOREVER });
        await records.pinned(id, key);
      }
      return address;
    },

    async find(name) {
      const [, sha256, extension] = /^([0-9a-f]{64})\.([a-z0-9]{1,10})$/.exec(name) ?? [];
      const found = sha256 === undefined ? null : await records.withContent(sha256);
      return found && extensionOf(found.mediaType) === extension ? found : null;
    },

    list: records.list,
    end,

    async endAll(owner, jobId) {
      for (;;) {
        const page = await records.list({ owner, jobId, limit: PAGE });
        for (const { id } of page) await end(owner, id);
        if (page.length < PAGE) return;
      }
    },
  };
}

/** The canonical spelling of extensions that have several. */
const SPELLINGS: Record<string, string> = { jpeg: "jpg", tif: "tiff" };

const EXTENSIONS: Record<string, string> = {
  "image/jpeg": "jpg",
  "image/svg+xml": "svg",
  "image/x-icon": "ico",
  "text/plain": "txt",
};

/** The extension is part of the URL, so content under one URL has one type. */
function extensionOf(mediaType: string): string {
  const [, subtype = ""] = mediaType.split("/");
  return EXTENSIONS[mediaType] ?? (/^[a-z0-9]{1,10}$/.test(subtype) ? subtype : "bin");
}
