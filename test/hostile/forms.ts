import { crc32, deflateSync } from "node:zlib";

/** Random numbers that are the same in every run, so that failures can be reproduced. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface HostileRequest {
  boundary: string;
  body: Buffer;
  /** More than the body's length if the upload is to be cut off. */
  declared: number;
}

const names = [
  "a.jpg",
  "../../../etc/passwd",
  "..\\..\\x.jpg",
  "/abs.png",
  "C:\\x.png",
  "a\u0000b.jpg",
  "😀".repeat(1024),
  "",
  "..",
  "con.jpg",
  `${"a".repeat(5000)}.jpg`,
  "\u202egpj.exe",
  "a\r\nX-Evil: 1.jpg",
  '"quoted".jpg',
  "%2e%2e%2fx",
  "__proto__",
  "manifest.json",
];

const fields = [
  "files",
  "files",
  "files",
  "files",
  "file",
  "watermark.image",
  "__proto__.x",
  "pipeline",
  "constructor.prototype.x",
];

const options = [
  '{"format":"webp","width":50}',
  '{"format":"webp","width":50}',
  '{"format":"webp","width":50}',
  "{",
  "null",
  '{"width":1e999}',
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '{"watermark":{"image":{"artifactId":"x"}}}',
  `{"watermark":{"text":"${"한".repeat(2000)}"}}`,
  '{"format":"webp","width":50,"watermark":{"text":"<b>&x;</b>\\u0000"}}',
];

/** Forms for `image.convert` with any number of errors, including none. */
export function hostileForms(pictures: readonly Buffer[], random: () => number): () => HostileRequest {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => below(256)));
  const contents: (() => Buffer)[] = [
    () => pick(pictures),
    () => pick(pictures).subarray(0, below(4_000) + 1),
    () => Buffer.concat([pick(pictures).subarray(0, 16), noise(500)]),
    () => Buffer.concat([pick(pictures), Buffer.from("PK\u0003\u0004<script>")]),
    () => Buffer.from("GIF89a/*<script>alert(1)</script>*/=1;"),
    () => bomb,
    () => Buffer.alloc(0),
    () => noise(below(2_000)),
    () => Buffer.from(pick(drawings)),
  ];

  return () => {
    const boundary = `----${below(1e9)}`;
    const part = (head: string, content: Buffer | string) =>
      Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
        Buffer.from(content),
        Buffer.from("\r\n"),
      ]);
    const parts = [
      part('name="pipeline"', pick(["image.convert", "image.convert", "image.convert", "nope", "__proto__"])),
      part('name="options"', pick(options)),
    ];
    for (let n = 0; n <= below(3); n++) {
      const name = pick(names).replaceAll('"', "%22");
      parts.push(
        part(`name="${pick(fields)}"; filename="${name}"\r\nContent-Type: image/jpeg`, pick(contents)()),
      );
    }
    if (random() < 0.2)
      parts.push(part('name="metadata"', pick(['{"a":"b"}', '{"__proto__":"x"}', "{", '{"a":1}'])));
    if (random() < 0.1) parts.push(part('name="priority"', pick(["9", "-1", "NaN", "4.5"])));
    if (random() < 0.3) parts.reverse();
    const whole = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
    const harm = random();
    if (harm < 0.1) return { boundary, body: whole.subarray(0, below(whole.length)), declared: whole.length };
    let body = whole;
    if (harm < 0.15) body = whole.subarray(0, below(whole.length));
    else if (harm < 0.18) body = noise(2_000);
    else if (harm < 0.21)
      body = Buffer.from(whole.toString("latin1").replaceAll("Content-Disposition", ""), "latin1");
    return {
      boundary: harm > 0.97 ? pick(["", "x", "a".repeat(300)]) : boundary,
      body,
      declared: body.length,
    };
  };
}

const drawings = [
  '<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"><rect width="9" height="9"/></svg>',
  '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><text y="20">&x;</text></svg>',
  `<!DOCTYPE svg [<!ENTITY a "${"lol".repeat(100)}"><!ENTITY b "${"&a;".repeat(100)}"><!ENTITY c "${"&b;".repeat(100)}">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&c;</text></svg>`,
];

/** A PNG of a few kilobytes that would unpack to 60,000 × 60,000 pixels. */
const bomb = (() => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header[8] = 8;
  header[9] = 2;
  const pixels = deflateSync(Buffer.alloc(1_000_000), { level: 9 });
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(named.length + 8);
    framed.writeUInt32BE(data.length, 0);
    named.copy(framed, 4);
    framed.writeUInt32BE(crc32(named), named.length + 4);
    return framed;
  };
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
})();
