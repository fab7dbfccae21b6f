import { rawRequest } from "../server/raw-http.ts";
import { type Attack, photo, pictureForm, post, processorTimeOf } from "./target.ts";

/** Requests from other sites' pages, recognizable by headers that they cannot hide. */
export const origins: Attack = {
  name: "host and origin",
  async run({ port }) {
    const here = `Host: 127.0.0.1:${port}`;
    const hosts = ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "user@localhost", "0", ""];
    const origins = [
      "https://evil.example",
      "null",
      "http://127.0.0.1:1",
      "http://127.0.0.1",
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}.evil.example`,
      `http://127.0.0.1:${port}@evil.example`,
    ];
    const cases = [
      ...hosts.map((host) => [`Host: ${host}`]),
      ...origins.map((origin) => [here, `Origin: ${origin}`]),
      ...["cross-site", "same-site"].map((site) => [here, `Sec-Fetch-Site: ${site}`]),
    ];
    const findings: string[] = [];
    for (const lines of cases) {
      const head = ["POST /v1/admin/queues/image.convert%2Fconvert/pause HTTP/1.1", ...lines];
      const answer = await rawRequest(port, [
        `${[...head, "Content-Length: 0", "Connection: close", "", ""].join("\r\n")}`,
      ]);
      if (answer.status !== 403 && answer.status !== 400)
        findings.push(`${lines.join(", ")}: ${answer.status}`);
    }
    return { tries: cases.length, findings };
  },
};

/** Hides a second request in the body of the first. */
export const smuggling: Attack = {
  name: "request smuggling",
  async run({ port }) {
    const hidden = `GET /v1/admin/workers HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const length = `Content-Length: ${hidden.length}`;
    const framings = [
      [length, "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", length],
      [length, "Content-Length: 0"],
      ["Content-Length: 0", length],
      [`${length}, 0`],
      ["Content-Length : 0"],
      ["Content-Length: +0"],
      ["Content-Length: -1"],
      ["Content-Length: 0x0"],
      ["Transfer-Encoding: xchunked"],
      ["Transfer-Encoding: chunked, identity"],
      ["Transfer-Encoding:\tchunked", "Content-Length: 0"],
      ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
      ["X: a\nTransfer-Encoding: chunked"],
      ["X: a\r\n Transfer-Encoding: chunked", "Content-Length: 0"],
    ];
    const findings: string[] = [];
    for (const lines of framings) {
      const head = [
        "POST /v1/jobs/quote HTTP/1.1",
        `Host: 127.0.0.1:${port}`,
        "Content-Type: application/json",
      ];
      const answer = await rawRequest(
        port,
        [`${[...head, ...lines, "", ""].join("\r\n")}0\r\n\r\n${hidden}`],
        {
          ms: 400,
        },
      );
      // After an unambiguous body, more bytes are a separate request; after an ambiguous one, none may be answered.
      if (answer.body.includes("HTTP/1.1 200"))
        findings.push(`a hidden request was answered: ${lines.join(", ")}`);
    }
    return { tries: framings.length, findings };
  },
};

export const paths: Attack = {
  name: "traversal",
  async run(target) {
    const up = ["..", "%2e%2e", "%252e%252e", "..%2f..", "..%5c..", "....//", "%c0%ae%c0%ae", "..;"];
    const cases = up.flatMap((step) =>
      ["/", "/samples/", "/assets/", "/v1/artifacts/", "/docs/"].map(
        (base) => `${base}${step}/${step}/${step}/package.json`,
      ),
    );
    const findings: string[] = [];
    for (const path of cases) {
      const { status, body } = await rawRequest(target.port, [
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nConnection: close\r\n\r\n`,
      ]);
      if (status >= 500 || body.includes('"devDependencies"')) findings.push(`${path}: ${status}`);
    }
    for (const name of ["../../../etc/passwd", "..\\..\\a", "/a", "C:\\a", "..", "a\u202eb.png", "a/b.png"]) {
      const answer = await post(target, "/v1/jobs", pictureForm(photo, name));
      const { items } = (await answer.json()) as { items?: { name: string }[] };
      const kept = items?.[0]?.name ?? "";
      if (answer.status !== 202 || /[/\\:\u202e]|^\.\.?$/.test(kept))
        findings.push(`a file is named ${kept}`);
    }
    return { tries: cases.length + 7, findings };
  },
};

const MAX_BUSY_MS = 1_000;

/** JSON bodies that are slow to reject. */
export const json: Attack = {
  name: "JSON bombs",
  async run(target) {
    const keys = (n: number, value: string) =>
      Array.from({ length: n }, (_, at) => `"k${at}":${value}`).join();
    const deep = (n: number) => "[".repeat(n) + "]".repeat(n);
    const members = [
      `"files":[${Array(100_000).fill('{"a":1}').join()}]`,
      `"files":[${Array(50).fill('{"a":1}').join()}]`,
      `"metadata":{${keys(60_000, "1")}}`,
      `"options":{${keys(60_000, "1")}}`,
      `"options":{${keys(9_000, "1")}}`,
      `"options":{"a":${deep(200_000)}}`,
      `"files":${deep(200_000)}`,
      `"metadata":${deep(200_000)}`,
      keys(60_000, "1"),
    ];
    const findings: string[] = [];
    for (const member of members) {
      const body = `{"pipeline":"image.convert",${member}}`;
      const before = processorTimeOf(target);
      const answer = await post(target, "/v1/jobs", body);
      const { status } = answer;
      const bytes = (await answer.text()).length;
      const busyMs = processorTimeOf(target) - before;
      const what = `${member.slice(0, 30)}…`;
      if (status < 400 || status >= 500) findings.push(`${what}: ${status}`);
      if (bytes > 20_000) findings.push(`${what}: an answer of ${bytes} bytes`);
      if (busyMs > MAX_BUSY_MS) findings.push(`${what}: the API computed for ${busyMs} ms`);
    }
    return { tries: members.length, findings };
  },
};
