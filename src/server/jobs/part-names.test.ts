import { describe, expect, test } from "vitest";
import { plainDisposition } from "./part-names.ts";

const latin1 = (text: string | Buffer) => Buffer.from(text).toString("latin1");
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The name that a parser reads from the normalized header. */
function nameIn(parameters: string | Buffer): string | null {
  const plain = plainDisposition(`form-data; name="files"; ${latin1(parameters)}`);
  expect(plain).toMatch(/^form-data; name="files"/);
  const [, name] = /; filename="([^"\\]*)"$/.exec(plain) ?? [];
  return name === undefined ? null : Buffer.from(name, "latin1").toString();
}

const euckr = Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]);

describe("the name of a file", () => {
  test.each<[string, string | Buffer, string | null]>([
    ["plain", 'filename="a b.png"', "a b.png"],
    ["in UTF-8", 'filename="한글 사진.png"', "한글 사진.png"],
    ["decomposed", `filename="${"한글".normalize("NFD")}.png"`, `${"한글".normalize("NFD")}.png`],
    ["in EUC-KR", Buffer.concat([Buffer.from('filename="'), euckr, Buffer.from('.png"')]), "한글.png"],
    ["in Latin-1", Buffer.from('filename="café Müller.png"', "latin1"), "café Müller.png"],
    ["with filename*", "filename*=UTF-8''%ED%95%9C%EA%B8%80.png", "한글.png"],
    ["with filename* after filename", "filename=\"x.png\"; filename*=utf-8'ko'%ED%95%9C.png", "한.png"],
    ["with filename* before filename", "filename*=iso-8859-1''caf%E9.png; filename=x.png", "café.png"],
    ["with a filename* that is broken", "filename=x.png; filename*=utf-8''%E9.png", "x.png"],
    ["as .NET writes it", `filename="=?utf-8?B?${base64("한글 사진.png")}?="`, "한글 사진.png"],
    ["in encoded words", `filename="=?UTF-8?Q?caf=C3=A9_1?= =?utf-8?B?${base64(".png")}?="`, "café 1.png"],
    ["in an unknown encoding", 'filename="=?x-none?B?AAAA?="', "=?x-none?B?AAAA?="],
    ["without quotes", "filename=my photo.png", "my photo.png"],
    ["with a semicolon", 'filename="a;b=c.png"', "a;b=c.png"],
    ["with quotes as browsers write them", 'filename="a%22b%0D%0A.png"', "a_b.png"],
    ["with quotes behind a backslash", 'filename="a\\"b.png"', "a_b.png"],
    ["with percent signs", 'filename="50% %41.png"', "50% %41.png"],
    ["with a path", 'filename="C:\\fakepath\\photo.png"', "C:/fakepath/photo.png"],
    ["that is empty", 'filename=""', ""],
    ["that is not there", "", null],
  ])("%s", (_, parameters, expected) => {
    expect(nameIn(parameters)).toBe(expected);
  });
});

test("hostile headers cost no more than their length", () => {
  const began = performance.now();
  for (const part of ["; filename=", '; filename="', "=?utf-8?Q?", "\\", '"; a="', "; a*=b''%"])
    plainDisposition(`form-data; filename="${part.repeat(10_000)}`);
  expect(performance.now() - began).toBeLessThan(2_000);
});
