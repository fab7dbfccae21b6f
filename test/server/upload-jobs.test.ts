import { afterAll, beforeAll, expect, test } from "vitest";
import { copy, ended, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy] });
});
afterAll(() => server.close());

const tus = { "tus-resumable": "1.0.0" };

async function begin(text: string): Promise<string> {
  const answer = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: {
      ...tus,
      "upload-length": String(text.length),
      "upload-metadata": `filename ${Buffer.from("note.txt").toString("base64")}`,
    },
  });
  expect(answer.status).toBe(201);
  return answer.headers.get("location")!;
}

async function goOn(path: string, offset: number, text: string): Promise<void> {
  const headers = {
    ...tus,
    "upload-offset": String(offset),
    "content-type": "application/offset+octet-stream",
  };
  const answer = await fetch(server.url + path, { method: "PATCH", headers, body: text });
  expect(answer.status).toBe(204);
}

const asked = (path: string) => ({ pipeline: "copy", files: [{ uploadId: path.split("/").at(-1) }] });

test("a job runs on a finished upload, and may be asked for again with the same one", async () => {
  const path = await begin("hello world");
  await goOn(path, 0, "hello ");
  expect(await problemOf(await post(server.url, "/v1/jobs", asked(path)))).toMatchObject({
    status: 409,
    code: "upload_incomplete",
  });
  await goOn(path, 6, "world");
  for (let round = 0; round < 2; round++) {
    const answer = await post(server.url, "/v1/jobs", asked(path));
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: string };
    const job = await ended(server.url, id);
    expect(job).toMatchObject({ state: "succeeded", items: [{ name: "note.txt", input: { bytes: 11 } }] });
  }
});

test("an option names an uploaded file", async () => {
  const [file, image] = [await begin("text"), await begin("stamp")];
  await goOn(file, 0, "text");
  const stamp = { image: { uploadId: image.split("/").at(-1) } };
  const body = { ...asked(file), options: { stamp } };
  expect(await problemOf(await post(server.url, "/v1/jobs", body))).toMatchObject({
    code: "upload_incomplete",
  });
  await goOn(image, 0, "stamp");
  const answer = await post(server.url, "/v1/jobs", body);
  expect(answer.status).toBe(202);
  const job = await ended(server.url, ((await answer.json()) as { id: string }).id);
  const [output] = job.items[0]!.outputs;
  const written = await fetch(`${server.url}/v1/artifacts/${output!.artifactId}`);
  expect(await written.text()).toBe("textstamp");
  const again = { ...body, options: { stamp: { image: { artifactId: "part:stamp.image" } } } };
  expect(await problemOf(await post(server.url, "/v1/jobs", again))).toMatchObject({ code: "not_found" });
});

test("an upload that never was is not found", async () => {
  const problem = await problemOf(await post(server.url, "/v1/jobs", asked("/v1/uploads/none")));
  expect(problem).toMatchObject({ status: 404, code: "not_found" });
});
