import { expect, test } from "vitest";
import { seedRows } from "../seed/seed.ts";
import { linkRules } from "./links.ts";
import { wordRules } from "./words.ts";

const place = { category: "park", lat: 37.5, lon: 127 } as const;

test("no place of the seed breaks a rule", () => {
  const refused = [...seedRows()].filter(([, one]) => [...wordRules(one), ...linkRules(one.link)].length > 0);
  expect(refused).toEqual([]);
});

test.each([
  ["24시 바카라 카지노", "spam_words"],
  ["카 지 노 입장", "spam_words"],
  ["c.a.s.i.n.o bonus best", "spam_words"],
  ["0nl1ne C4s1no", "spam_words"],
  ["ｃａｓｉｎｏ ｂｏｎｕｓ", "spam_words"],
  ["оnline сasino", "spam_words"],
  ["당일 대출 상담", "spam_words"],
  ["Earn money from park", "spam_words"],
  ["문의 010-1234-5678", "contact_in_name"],
  ["Call +82 10 1234 5678", "contact_in_name"],
  ["best-shop.xyz", "contact_in_name"],
  ["www.example.org 공원", "contact_in_name"],
  ["카톡 id: goodplace77", "contact_in_name"],
  ["가가가가가가", "shouting"],
  ["★★★★ 공원", "shouting"],
  ["A+!?", "shouting"],
])("%s: %s", (name, reason) => {
  expect(wordRules({ ...place, name })).toContain(reason);
});

test.each([
  "어린이대공원 후문",
  "Children's Park (North)",
  "4·19 민주묘지",
  "63빌딩",
  "N서울타워",
  "Café de Paris & Garden",
  "제2롯데월드",
  "일수사거리",
  "서울 1000년 공원",
  "하하하 놀이터",
])("%s is a name", (name) => {
  expect(wordRules({ ...place, name })).toEqual([]);
});

test.each([
  "https://bit.ly/abc",
  "http://192.0.2.7/",
  "https://park.xyz/",
  "https://www.me2.do/x",
  "https://user@example.org/",
  "https://example.org:8443/",
  "https://[2001:db8::1]/",
  "https://xn--80ak6aa92e.com/",
])("the link %s is refused", (link) => {
  expect(linkRules(link)).toEqual(["bad_link"]);
});

test.each(["https://www.royalpalace.go.kr/", "https://서울.한국/", "http://parks.seoul.go.kr/forest?a=1"])(
  "the link %s is fine",
  (link) => {
    expect(linkRules(link)).toEqual([]);
  },
);
