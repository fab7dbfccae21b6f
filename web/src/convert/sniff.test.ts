import { expect, test } from "vitest";
import { sniff } from "./sniff.ts";

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test.each([
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["\x89PNG\r\n\x1a\n....", "image/png"],
  ["GIF89a", "image/gif"],
  ["RIFF\0\0\0\0WEBPVP8 ", "image/webp"],
  ["RIFF\0\0\0\0WAVEfmt ", null],
  ["MM\0*", "image/tiff"],
  ["\0\0\0\x1cftypavif\0\0\0\0mif1", "image/avif"],
  ["\0\0\0\x1cftypmif1\0\0\0\0avifmiaf", "image/avif"],
  ["\0\0\0\x1cftypheic\0\0\0\0mif1", "image/heic"],
  ["\0\0\0\x1cftypmp42\0\0\0\0isom", null],
  ["\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"],
  ["\xff\n\0\0", "image/jxl"],
  ['<?xml version="1.0"?>\n<svg width="1">', "image/svg+xml"],
  ["\xff\xfe<\0s\0v\0g\0 \0", "image/svg+xml"],
  ["\xfe\xff\0<\0s\0v\0g\0>", "image/svg+xml"],
  ["\x1f\x8b\b\0", "image/svg+xml"],
  ["<html><body>", null],
  ["", null],
])("%j", (head, type) => expect(sniff(bytes(head))).toBe(type));
