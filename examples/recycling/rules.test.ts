import { describe, expect, test } from "vitest";
import { conditionsFor, findRule, handbook, regionNames, regions } from "./rules.ts";
import { itemNames, itemsSeenAs, materialOf } from "./taxonomy.ts";

const find = (region: string, item: (typeof itemNames)[number], conditions: "label"[] = []) =>
  findRule({ region, item, conditions, language: "en" });

describe("rules", () => {
  test("of an item go before those of its material", () => {
    expect(find("kr", "toothbrush").bin).toBe("Paid waste bag");
    expect(find("kr", "cardboard-box").bin).toBe("Corrugated cardboard");
    expect(find("kr", "newspaper").bin).toBe("Paper");
  });

  test("of a region go before those of the region around it", () => {
    expect(find("kr-seoul", "pet-bottle").source!.url).toContain("mediahub.seoul.go.kr");
    expect(find("kr-seoul", "drink-can")).toEqual({
      ...find("kr", "drink-can"),
      ...{ region: "kr-seoul", regionName: "Seoul", authority: expect.stringContaining("120") },
    });
  });

  test("say how a condition changes them, and nothing of other conditions", () => {
    expect(find("kr", "pet-bottle").when).toEqual([]);
    expect(find("kr", "pet-bottle", ["label"]).when).toEqual([
      { condition: "with a label", text: expect.stringContaining("label") },
    ]);
    expect(conditionsFor("kr", "pet-bottle")).toContain("label");
  });

  test("that a region does not have are not made up", () => {
    expect(find("us-nyc", "medicine")).toMatchObject({ bin: null, do: [], source: null });
    expect(find("us-nyc", "medicine").authority).toContain("311");
  });

  test("have a source with address and date, in both languages, wherever there is one", () => {
    let found = 0;
    for (const region of regionNames)
      for (const item of itemNames)
        for (const language of ["ko", "en"] as const) {
          const rule = findRule({ region, item, language, conditions: conditionsFor(region, item) });
          if (rule.source === null) continue;
          found++;
          expect(rule.source.url).toMatch(/^https?:\/\//);
          expect(rule.source.date).toMatch(/^20\d\d-\d\d-\d\d$/);
          const words = [rule.bin, ...rule.do, ...rule.dont, ...rule.when.map(({ text }) => text)];
          const letters = language === "ko" ? /[가-힣]{2}/ : /[a-z]{3}/;
          expect(words.filter((text) => !letters.test(text!))).toEqual([]);
        }
    expect(found).toBeGreaterThan(150);
  });

  test("of Korea cover every item", () => {
    for (const item of itemNames) expect(find("kr", item).source, item).not.toBeNull();
  });

  test("make a handbook in each language", () => {
    expect(regions("ko").map(({ name }) => name)).toContain("서울");
    const book = handbook("kr-seoul", "ko");
    expect(book).toContain("투명 페트병 (투명 페트)");
    expect(book).toContain("https://mediahub.seoul.go.kr/archives/2005130");
  });
});

test("a label of the detector may mean several items, and each item has a material", () => {
  expect(itemsSeenAs("bottle")).toEqual(["pet-bottle", "glass-bottle", "plastic-bottle"]);
  expect(itemsSeenAs("giraffe")).toEqual([]);
  expect(itemsSeenAs("bottle").map(materialOf)).toEqual(["clear-pet", "glass", "plastic"]);
});
