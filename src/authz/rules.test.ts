import fc from "fast-check";
import { expect, test } from "vitest";
import { compileRules, parseRules, plainPath } from "./rules.ts";

const rulesOf = (...rules: object[]) => compileRules(parseRules(JSON.stringify({ rules }), "rules.json"));

test("the first rule that matches decides", () => {
  const find = rulesOf(
    { path: "/", access: "public" },
    { path: "/public/**", access: "public" },
    { path: "/admin/**", roles: ["admin"] },
    { path: "/jobs/*", methods: ["GET"], scopes: ["read"] },
    { path: "/jobs/**", methods: ["POST", "DELETE"], scopes: ["write"] },
    { path: "/files/*.json" },
    { path: "/a.b/**/end" },
  );
  for (const [method, path, rule] of [
    ["GET", "/", "/"],
    ["GET", "/public", "/public/**"],
    ["GET", "/public/a/b", "/public/**"],
    ["GET", "/publicity", null],
    ["PUT", "/admin/x", "/admin/**"],
    ["GET", "/jobs/1", "/jobs/*"],
    ["HEAD", "/jobs/1", "/jobs/*"],
    ["GET", "/jobs/1/files", null],
    ["GET", "/jobs", null],
    ["DELETE", "/jobs/1/files", "/jobs/**"],
    ["PATCH", "/jobs/1", null],
    ["GET", "/files/a.json", "/files/*.json"],
    ["GET", "/files/a/b.json", null],
    ["GET", "/files/ajson", null],
    ["GET", "/a.b/x/y/end", "/a.b/**/end"],
    ["GET", "/aXb/x/y/end", null],
    ["GET", "/ADMIN/x", null],
    ["GET", "/publicity/", null],
    ["GET", "/jobs/1/", "/jobs/*"],
    ["GET", "/files/a.json/", "/files/*.json"],
  ] as const)
    expect([method, path, find(method, path)?.path ?? null]).toEqual([method, path, rule]);
});

test("what is wrong in a file is said, and where", () => {
  for (const [text, message] of [
    ["{", "rules.json is not JSON"],
    ["{}", "rules.json is not valid: rules:"],
    [
      '{"rules":[{"path":"a"}]}',
      "rules.json is not valid: rules.0.path: must begin with / and have no query",
    ],
    ['{"rules":[{"path":"/a","role":"b"}]}', "rules.json is not valid: rules.0"],
    ['{"rules":[{"path":"/a","methods":["get"]}]}', "must be in capital letters"],
    ['{"rules":[{"path":"/**/**/**/**"}]}', "has more than 3 ** wildcards"],
  ] as const)
    expect(() => parseRules(text, "rules.json"), text).toThrow(message);
});

test("an address has one spelling, or none that is accepted", () => {
  for (const [uri, path] of [
    ["/", "/"],
    ["/a/b?c=/../d#e", "/a/b"],
    ["/a//b", "/a/b"],
    ["/%61dmin", "/admin"],
    ["/a%20b", "/a b"],
    ["//a/b", null],
    ["/\u00ea\u00b0\u0080", null],
    ["/a b", null],
    ["/%EA%B0%80", "/가"],
    ["/a.b/..c", "/a.b/..c"],
    ["", null],
    ["a", null],
    ["http://host/a", null],
    ["/a/../b", null],
    ["/a/./b", null],
    ["/a/..", null],
    ["/a/%2e%2e/b", null],
    ["/a%2fb", null],
    ["/a%5Cb", null],
    ["/a\\b", null],
    ["/a;b=c/d", null],
    ["/a%00", null],
    ["/a%0a", null],
    ["/a%252e", null],
    ["/a%", null],
    ["/a%ff", null],
    [`/${"a".repeat(5_000)}`, null],
  ] as const)
    expect([uri, plainPath(uri)]).toEqual([uri, path]);
});

test("a plain path stays as it is, and has nothing left to decode", () => {
  fc.assert(
    fc.property(
      fc.webPath(),
      fc.constantFrom("", "/..", "//", "/%2E%2e/", "/%2f", "%25", ";", "\\"),
      (path, odd) => {
        const plain = plainPath(`/x${path}${odd}`);
        if (plain === null) return;
        expect(plain).not.toMatch(/\/\.{1,2}(\/|$)|\/\/|%|\\|;/);
        expect(plainPath(encodeURI(plain))).toBe(plain);
      },
    ),
  );
});
