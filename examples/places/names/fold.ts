/** Keys of the Korean keyboard for the letters of a syllable: 서울 is `tj dnf`. */
const LEADS = "r R s e E f a q Q t T d w W c z x v g".split(" ");
const VOWELS = "k o i O j p u P h hk ho hl y n nj np nl b m ml l".split(" ");
const TAILS = " r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g".split(" ");
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;

/**
 * Normalizes a name for comparison and indexing: words of a-z and 0-9, without case, accents and punctuation. Korean
 * syllables become the keys that type them. So a typo makes a small difference, both databases index names the same
 * way, and `tjdnf` finds 서울.
 */
export function fold(name: string): string {
  const words: string[] = [];
  let word = "";
  for (const character of name.normalize("NFKC")) {
    const piece = foldCharacter(character);
    if (piece !== "") word += piece;
    else if (word !== "") {
      words.push(word);
      word = "";
    }
  }
  if (word !== "") words.push(word);
  return words.join(" ");
}

/** "" for word separators. */
function foldCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  if (code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE) {
    const n = code - FIRST_SYLLABLE;
    const keys = LEADS[Math.floor(n / 588)]! + VOWELS[Math.floor((n % 588) / 28)]! + TAILS[n % 28]!;
    return keys.toLowerCase();
  }
  const plain = character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  if (/^[a-z0-9]+$/.test(plain)) return plain;
  // Other scripts are represented by code points.
  return /^[\p{L}\p{N}]/u.test(plain) ? `u${plain.codePointAt(0)!.toString(16)}` : "";
}

/** Pads each word with two spaces before and one after, so that trigrams show where words begin and end. */
export function padded(folded: string): string {
  return folded === ""
    ? ""
    : folded
        .split(" ")
        .map((word) => `  ${word} `)
        .join("");
}

/** All trigrams within the words of a padded text. */
export function trigramsOf(folded: string): Set<string> {
  const trigrams = new Set<string>();
  for (const word of folded.split(" ")) {
    const text = `  ${word} `;
    if (word !== "") for (let at = 0; at + 3 <= text.length; at++) trigrams.add(text.slice(at, at + 3));
  }
  return trigrams;
}
