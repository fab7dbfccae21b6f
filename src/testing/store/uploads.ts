import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { UploadPart, UploadRecord } from "../../ports/store/uploads.ts";
import type { DefinePoint } from "../points.ts";
import { OWNER, type StoreScene } from "./scene.ts";

const HOUR_MS = 3_600_000;

export function uploadPoints(point: DefinePoint<StoreScene>): void {
  point("upload.goes-on", "an upload goes on from any process where it was left", async (scene) => {
    const { store } = scene;
    const upload = fresh(scene, { length: 30 });
    const at = { owner: OWNER, id: upload.id };
    await store.uploads.create(upload);
    expect(await store.uploads.get({ ...at, now: scene.now() })).toEqual(upload);
    const parts = [part("first", 10), part("second", 5)];
    expect(await store.uploads.append({ ...at, offset: 0, parts, now: scene.now() })).toEqual({
      ok: true,
      upload: { ...upload, offset: 15, parts },
    });
    const other = await scene.open();
    const last = [part("third", 15)];
    await other.uploads.append({ ...at, offset: 15, parts: last, now: scene.now() });
    expect(await store.uploads.get({ ...at, now: scene.now() })).toEqual({
      ...upload,
      offset: 30,
      parts: [...parts, ...last],
    });
  });

  point("upload.once", "of several that go on from the same place one does", async (scene) => {
    const upload = fresh(scene, { length: 1_000 });
    const at = { owner: OWNER, id: upload.id, now: scene.now() };
    await scene.store.uploads.create(upload);
    const stores = [scene.store, await scene.open(), await scene.open()];
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        stores[n % 3]!.uploads.append({ ...at, offset: 0, parts: [part(`${n}`, 100 + n)] }),
      ),
    );
    const [won, ...others] = answers.filter((answer) => answer.ok);
    expect(others).toEqual([]);
    const { offset, parts } = won!.upload;
    expect(parts).toHaveLength(1);
    for (const answer of answers)
      if (!answer.ok) expect(answer).toEqual({ ok: false, reason: "moved", offset });
    expect(await scene.store.uploads.get(at)).toMatchObject({ offset, parts });
  });

  point("upload.repeated", "adding the same parts again is harmless", async (scene) => {
    const { store } = scene;
    const upload = fresh(scene, { length: 100 });
    const at = { owner: OWNER, id: upload.id, now: scene.now() };
    await store.uploads.create(upload);
    const command = { ...at, offset: 0, parts: [part("one", 60)] };
    const first = await store.uploads.append(command);
    expect(await store.uploads.append(command)).toEqual(first);
    expect(await store.uploads.get(at)).toMatchObject({ offset: 60, parts: command.parts });
  });

  point("upload.owned", "another owner's upload is not there, and cannot be changed", async (scene) => {
    const { store } = scene;
    const upload = fresh(scene, { length: 10 });
    await store.uploads.create(upload);
    const at = { owner: "another", id: upload.id, now: scene.now() };
    expect(await store.uploads.get(at)).toBeNull();
    expect(await store.uploads.append({ ...at, offset: 0, parts: [part("x", 10)] })).toEqual({
      ok: false,
      reason: "missing",
    });
    expect(await store.uploads.remove(at)).toEqual({ removed: null });
    expect(await store.uploads.get({ ...at, owner: OWNER })).toEqual(upload);
  });

  point("upload.expires", "an upload is gone when its time has passed", async (scene) => {
    const { store } = scene;
    const upload = fresh(scene, { length: 10 });
    await store.uploads.create(upload);
    const at = { owner: OWNER, id: upload.id };
    scene.pass(HOUR_MS - 1);
    expect(await store.uploads.get({ ...at, now: scene.now() })).toEqual(upload);
    scene.pass(2);
    expect(await store.uploads.get({ ...at, now: scene.now() })).toBeNull();
    const late = { ...at, offset: 0, parts: [part("x", 10)], now: scene.now() };
    expect(await store.uploads.append(late)).toEqual({ ok: false, reason: "missing" });
  });

  point("upload.becomes", "the file that it became is kept, until it is removed", async (scene) => {
    const { store } = scene;
    const upload = fresh(scene, { length: 10 });
    const at = { owner: OWNER, id: upload.id };
    await store.uploads.create(upload);
    const { artifactId: _, meta: __, ...file } = await scene.upload();
    await store.uploads.finish({ id: upload.id, file });
    expect(await (await scene.open()).uploads.get({ ...at, now: scene.now() })).toEqual({ ...upload, file });
    expect(await store.uploads.remove(at)).toEqual({ removed: { ...upload, file } });
    expect(await store.uploads.remove(at)).toEqual({ removed: null });
    expect(await store.uploads.get({ ...at, now: scene.now() })).toBeNull();
  });
}

function fresh(scene: StoreScene, { length }: { length: number }): UploadRecord {
  return {
    id: newId(),
    owner: OWNER,
    name: "사진.jpg",
    length,
    offset: 0,
    metadata: "filename 7IKs7KeELmpwZw==",
    parts: [],
    file: null,
    direct: null,
    expiresAt: scene.now() + HOUR_MS,
  };
}

function part(blob: string, bytes: number): UploadPart {
  return { blob, bytes, sha256: "0".repeat(64) };
}
