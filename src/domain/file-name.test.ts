import { create, parse } from "content-disposition";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derivedName, safeName, splitExtension, uniqueNames } from "./file-name.ts";

describe("safeName", () => {
  test.each([
    ["photo.jpg", "photo.jpg"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\me\\a.png", "a.png"],
    ["C:evil.txt", "C_evil.txt"],
    ["photos/", "photos"],
    ["a/..", "a"],
    ["..", "file"],
    ["", "file"],
    ["\u0000", "file"],
    [".htaccess", "htaccess"],
    ["a\u0000.jpg\u0000.exe", "a.jpg.exe"],
    ["gpj\u202eexe.jpg", "gpjexe.jpg"],
    ["name. . ", "name"],
    ["CON", "_CON"],
    ["nul.tar.gz", "_nul.tar.gz"],
    ["com1 .txt", "_com1 .txt"],
    ["console.txt", "console.txt"],
    ['what?"<x>|*.png', "what___x___.png"],
    ["e\u0301.jpg", "\u00e9.jpg"],
    ["사진 1.jpg", "사진 1.jpg"],
    ["\u1109\u1161\u110c\u1175\u11ab.jpg", "사진.jpg"],
    ["👩‍👩‍👧.png", "👩‍👩‍👧.png"],
    [`con${" ".repeat(300)}x.jpg`, "_con.jpg"],
    ["half \ud83d.jpg", "half .jpg"],
  ])("%j becomes %j", (raw, expected) => {
    expect(safeName(raw)).toBe(expected);
  });

  test("4 KB of emoji are cut between families, with the extension kept", () => {
    const name = safeName(`${"👩‍👩‍👧".repeat(230)}.jpeg`);
    expect(name).toMatch(/^(👩‍👩‍👧)+\.jpeg$/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(Buffer.byteLength(name)).toBeGreaterThan(175);
  });

  test("any name becomes a safe one, and stays as it is then", () => {
    fc.assert(
      fc.property(awkward, (raw) => {
        const name = safeName(raw);
        expect(name).not.toBe("");
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/[/\\<>:"|?*\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
        expect(name).not.toMatch(/^[.\s]|[.\s]$/);
        expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
        expect(name.normalize("NFC")).toBe(name);
        expect(safeName(name)).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a known extension survives", () => {
    fc.assert(
      fc.property(awkward, fc.constantFrom("jpg", "JPEG", "7z", "parquet", "h5"), (raw, extension) => {
        expect(safeName(`${raw}x.${extension}`).endsWith(`.${extension}`)).toBe(true);
      }),
    );
  });
});

test.each([
  ["a.JPG", "a", ".JPG"],
  ["archive.tar.png", "archive.tar", ".png"],
  ["my. holiday", "my. holiday", ""],
  ["v1.2", "v1.2", ""],
  ["scan 2024.07.31", "scan 2024.07.31", ""],
  ["films.7z", "films", ".7z"],
  ["invoice.customer-name-secret", "invoice.customer-name-secret", ""],
  ["제목. 그림", "제목. 그림", ""],
  ["map.geojson", "map", ".geojson"],
  ["John.Smith", "John.Smith", ""],
  ["photo.final", "photo.final", ""],
  ["St.Ives.JPEG", "St.Ives", ".JPEG"],
  ["서울.부산", "서울.부산", ""],
  ["notes", "notes", ""],
  [".jpg", ".jpg", ""],
  ["a.", "a.", ""],
  ["", "", ""],
])("%j is %j with the extension %j", (name, stem, extension) => {
  expect(splitExtension(name)).toEqual([stem, extension]);
});

describe("derivedName", () => {
  test.each([
    ["photo.png", ".webp", "photo.webp"],
    ["Mr. Smith", "-1.webp", "Mr. Smith-1.webp"],
    ["John.Smith", ".webp", "John.Smith.webp"],
    ["photo.v2", ".png", "photo.v2.png"],
    ["", ".webp", "file.webp"],
    ["a.jpg", "/../b\u0000.png", "b.png"],
  ])("%j with %j is %j", (source, tail, expected) => {
    expect(derivedName(source, tail)).toBe(expected);
  });

  test("a long name is cut before what follows it", () => {
    const name = derivedName(`${"가".repeat(100)}.jpeg`, "-12.webp");
    expect(name).toMatch(/^가+-12\.webp$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  });

  test("it is always safe, and says nothing of other names", () => {
    fc.assert(
      fc.property(awkward, (raw) => {
        const name = derivedName(safeName(raw), "-2.webp");
        expect(safeName(name)).toBe(name);
        expect(name.endsWith("-2.webp")).toBe(true);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      }),
    );
  });
});

describe("uniqueNames", () => {
  test("numbers the later ones before the extension, whatever their case", () => {
    expect(uniqueNames(["a.jpg", "A.JPG", "a.jpg", "b", "b"])).toEqual([
      "a.jpg",
      "A (2).JPG",
      "a (3).jpg",
      "b",
      "b (2)",
    ]);
  });

  test("takes no name that another file brings", () => {
    expect(uniqueNames(["a.jpg", "a.jpg", "a (2).jpg"])).toEqual(["a.jpg", "a (3).jpg", "a (2).jpg"]);
  });

  test("all are different, and first bearers keep their names", () => {
    const names = fc.array(
      fc.constantFrom("a.jpg", "A.jpg", "a (2).jpg", "a (2) (2).jpg", "ß", "SS", "ss (2)", "b"),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(names, (given) => {
        const unique = uniqueNames(given);
        expect(unique).toHaveLength(given.length);
        expect(new Set(unique.map((name) => name.toLowerCase())).size).toBe(given.length);
        expect(uniqueNames(unique)).toEqual(unique);
        given.forEach((name, index) => {
          const first = given.findIndex((other) => other.toUpperCase() === name.toUpperCase()) === index;
          if (first) expect(unique[index]).toBe(name);
        });
      }),
    );
  });

  test("10,000 files of one name take no longer than they must", () => {
    const unique = uniqueNames(Array.from({ length: 10_000 }, () => "image.png"));
    expect(unique.at(-1)).toBe("image (10000).png");
  });
});

/** Names built from fragments that have caused bugs before, in any order. */
const awkward = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "../",
        "..\\",
        "/",
        ".",
        " ",
        "\u0000",
        "\u202e",
        "\ufeff",
        "con",
        "NUL",
        "com1",
        ":",
        "?",
        "~",
      ),
      fc.constantFrom(
        "👩‍👩‍👧",
        "🇰🇷",
        "👍🏽",
        "e\u0301",
        "한",
        "\u1112\u1161\u11ab",
        "\ud83d",
        "\u0301",
        "a".repeat(90),
      ),
      fc.string({ unit: "binary" }),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("every safe name can be sent in a header and arrives as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (raw) => {
      const header = create(safeName(raw));
      expect(header).toMatch(/^[\x20-\x7e]+$/);
      expect(parse(header)).toMatchObject({ type: "attachment", parameters: { filename: safeName(raw) } });
    }),
  );
});
