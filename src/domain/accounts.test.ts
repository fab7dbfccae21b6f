import { expect, test } from "vitest";
import { normalEmail, passwordFault } from "./accounts.ts";

test("an address has one spelling, and what cannot be one is refused", () => {
  expect(normalEmail("  Ada@Example.ORG ")).toBe("ada@example.org");
  expect(normalEmail("a.b+c@sub.example.org")).toBe("a.b+c@sub.example.org");
  expect(normalEmail("가나다@example.org")).toBe("가나다@example.org");
  const faulty = [
    "",
    "ada",
    "@example.org",
    "ada@",
    "a b@example.org",
    "ada@exa mple.org",
    "a@b@c.org",
    "ada@.org",
  ];
  faulty.push(
    `${"a".repeat(250)}@b.org`,
    "ada@example.org\r\nBcc: all@example.org",
    '"ada"@example.org',
    "ada@b.",
  );
  for (const text of faulty) expect([text, normalEmail(text)]).toEqual([text, null]);
});

test("a password is long and not common; its composition does not matter", () => {
  const fault = (password: string) =>
    passwordFault(password, { email: "ada.lovelace@example.org", isCommon: (one) => one === "1234567890" });
  expect(fault("correct horse")).toBeNull();
  expect(fault("안녕하세요 반갑습니다")).toBeNull();
  expect(fault("short")).toContain("at least 10");
  expect(fault("🔒🔒🔒")).toContain("at least 10");
  expect(fault("x".repeat(257))).toContain("at most 256");
  expect(fault("1234567890")).toContain("common");
  expect(fault("aaaaaaaaaaaaa")).toContain("repeats");
  expect(fault("Ada.Lovelace@example.org")).toContain("differ");
  expect(fault("ADA.LOVELACE")).toContain("differ");
});
