import type { PlaceData } from "../place.ts";
import type { Reason } from "./reasons.ts";

/**
 * Advertising words that never occur in names or addresses of public places. Compared without spaces, symbols, case.
 * Short words must be whole words, so that `casino` is found, but not a street named Casinomi.
 */
const WORDS = [
  ...[
    "카지노",
    "바카라",
    "토토사이트",
    "먹튀",
    "대출상담",
    "당일대출",
    "급전",
    "일수대출",
    "비아그라",
    "출장마사지",
  ],
  ...[
    "성인용품",
    "조건만남",
    "불법촬영",
    "대리운전문의",
    "코인리딩",
    "주식리딩",
    "리딩방",
    "고수익알바",
    "홍보문의",
  ],
  ...[
    "onlinecasino",
    "casinobonus",
    "sportsbetting",
    "freebet",
    "viagra",
    "cialis",
    "payday loan",
    "fast loan",
  ],
  ...[
    "cryptosignal",
    "bitcoindoubler",
    "forexsignal",
    "cheap followers",
    "buy followers",
    "click here",
    "earn money",
  ],
  ...[
    "work from home",
    "best price guaranteed",
    "limited offer",
    "whatsapp me",
    "telegram channel",
    "100% free",
  ],
].map(squeezed);

/** Letter substitutions used to disguise words. */
const DISGUISES: Record<string, string> = {
  ...{ "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i", "|": "l" },
  // Cyrillic and Greek letters that look like Latin ones.
  ...{ а: "a", е: "e", о: "o", р: "p", с: "c", х: "x", і: "i", ѕ: "s", ο: "o", α: "a", ι: "i", ν: "v" },
};

/** Keeps only letters, in lowercase. */
function squeezed(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function undisguised(text: string): string {
  const plain = text.normalize("NFKC").toLowerCase();
  return squeezed([...plain].map((character) => DISGUISES[character] ?? character).join(""));
}

export function advertises(text: string): boolean {
  const forms = [squeezed(text), undisguised(text)];
  return WORDS.some((word) => forms.some((form) => form.includes(word)));
}

const ADDRESS =
  /https?:|www\.|\b[a-z0-9-]+\.(?:com|net|org|info|biz|xyz|top|shop|site|online|club|vip|kr|io|me|cc)\b/i;
/** Korean and international phone numbers with any separators. */
const TELEPHONE = /(?:\+?82|0\d{1,2})[\s.·-]*\d{3,4}[\s.·-]*\d{4}|\+\d[\d\s.-]{8,}/;
const MESSENGER =
  /(?:카톡|카카오톡|텔레그램|라인|kakao(?:talk)?|telegram|whatsapp|t\.me)\s*(?:id|아이디)?\s*[:@]?\s*[a-z0-9_]{4,}/i;

/** Why the texts of a report are rejected. */
export function wordRules({ name, nameEn = "", address = "" }: PlaceData): Reason[] {
  const found: Reason[] = [];
  const names = [name, nameEn].map((text) => text.normalize("NFKC"));
  const hasContact = (text: string) => ADDRESS.test(text) || TELEPHONE.test(text) || MESSENGER.test(text);
  if (names.some(hasContact) || ADDRESS.test(address.normalize("NFKC"))) found.push("contact_in_name");
  if ([name, nameEn, address].some(advertises)) found.push("spam_words");
  if (names.some(shouts)) found.push("shouting");
  return found;
}

/** Four equal characters or three symbols in a row, or more symbols than letters. */
function shouts(name: string): boolean {
  if (/(\P{N})\1{3,}/u.test(name) || /[^\p{L}\p{N}\s()·.,&'’/-]{3,}/u.test(name)) return true;
  const letters = name.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const symbols = name.match(/[^\p{L}\p{N}\s]/gu)?.length ?? 0;
  return symbols > letters;
}
