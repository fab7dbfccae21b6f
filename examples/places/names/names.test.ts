import { expect, test } from "vitest";
import { fold, padded, trigramsOf } from "./fold.ts";
import { isSameName } from "./same.ts";

test.each([
  ["서울역", "tjdnfdur"],
  ["경복궁", "rudqhrrnd"],
  ["닭볶음", "ekfrqhRdma".toLowerCase()],
  ["  Café — № 5 ", "cafe no 5"],
  ["Ｗ　Hotel", "w hotel"],
  ["東京 Tower", "u6771u4eac tower"],
  ["!?", ""],
])("%s is compared as %s", (name, folded) => {
  expect(fold(name)).toBe(folded);
});

test("the trigrams of a name are all in its padded text", () => {
  const folded = fold("국립중앙박물관 National Museum");
  for (const trigram of trigramsOf(folded)) expect(padded(folded)).toContain(trigram);
  expect([...trigramsOf("ab c")]).toEqual(["  a", " ab", "ab ", "  c", " c "]);
});

test.each([
  ["서울시립미술관", "서울 시립 미술관"],
  ["Gyeongbokgung Palace", "gyeongbukgung  palace"],
  ["Seoul Forest", "Seoul Forrest"],
  ["한강공원", "한강공언"],
])("%s and %s mean one place", (one, other) => {
  expect(isSameName(one, other)).toBe(true);
});

test.each([
  ["시청역 1번 출구", "시청역 2번 출구"],
  ["북문", "남문"],
  ["North Gate", "South Gate"],
  ["남산공원", "남산공원 주차장"],
  ["Namsan Park", "Namsan Park Restroom"],
  ["본관", "별관"],
])("%s and %s do not", (one, other) => {
  expect(isSameName(one, other)).toBe(false);
});
