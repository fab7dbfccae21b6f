import sharp from "sharp";
import type { PlaceData } from "../place.ts";
import type { Reason } from "./reasons.ts";

export interface Planned {
  owner: string;
  data: PlaceData;
  photo?: Buffer;
  /** Reason for which a planted report must be rejected. Absent for valid reports. */
  caught?: Reason;
}

const KINDS = ["공원", "도서관", "시장", "놀이터", "Park", "Library", "Market", "Square"];
const NAMES = [
  "달빛",
  "여울",
  "느티",
  "가온",
  "Maple",
  "Harbor",
  "Willow",
  "Linden",
  "초롱",
  "해오름",
  "Orchard",
];
/** Reports per user, within the quota. */
const PER_USER = 15;

/** An invented report in a field around Suwon: 110 m apart, and every tenth at the previous spot. */
function goodReport(n: number): Planned {
  const spot = n % 10 === 9 ? n - 1 : n;
  const name = `${NAMES[n % NAMES.length]} ${KINDS[n % KINDS.length]} ${n}`;
  return {
    owner: `user-${Math.floor(n / PER_USER)}`,
    data: {
      ...{
        name,
        category: "park",
        lat: 37.2 + Math.floor(spot / 40) * 0.013,
        lon: 127 + (spot % 40) * 0.0013,
      },
      ...(n % 4 === 0 && { link: `https://www.city.example/places/${n}` }),
      ...(n % 5 === 0 && { hours: "Mo-Fr 09:00-18:00" }),
    },
  };
}

/** Turns a valid report into a bad one. */
type Spoil = (good: PlaceData, n: number) => [Partial<PlaceData>, Reason];
const SPAM = [
  "바카라 먹튀 검증",
  "급 전 당일대출",
  "0nline cas1no",
  "V-I-A-G-R-A shop",
  "Earn money park",
  "성인용품 할인",
];
const CONTACTS = ["문의 010-2345-6789", "park-shop.com", "카톡 아이디: best1234", "+82 2 123 4567 공원"];
const LINKS = ["https://bit.ly/3xyz", "http://203.0.113.9/p", "https://play.casino/", "https://a@b.example/"];
const SHOUTS = ["★★★★최고★★★★", "와와와와와와", "!!!공원!!!"];
const ABROAD = [
  { lat: 35.68, lon: 139.76 },
  { lat: 39.02, lon: 125.75 },
  { lat: 36, lon: 124.3 },
];
const spoils: readonly Spoil[] = [
  (_, n) => [{ name: SPAM[n % SPAM.length]! }, "spam_words"],
  (_, n) => [{ name: CONTACTS[n % CONTACTS.length]! }, "contact_in_name"],
  (_, n) => [{ link: LINKS[n % LINKS.length]! }, "bad_link"],
  (_, n) => [{ name: SHOUTS[n % SHOUTS.length]! }, "shouting"],
  (_, n) => [ABROAD[n % ABROAD.length]!, "outside_country"],
  // The main station of the seed, with typos.
  (_, n) => [
    { lat: 37.2659 + (n % 3) / 10_000, lon: 126.9998, name: ["수원 역", "Suwon Staton", "수언역"][n % 3]! },
    "known_place",
  ],
];

/** Reports in order, a tenth of which are planted. */
export async function mixedReports(count: number): Promise<Planned[]> {
  const all: Planned[] = [];
  let planted = 0;
  for (let n = 0; all.length < count; n++) {
    const good = goodReport(n);
    if (all.length % 10 !== 9) {
      all.push(n % 25 === 3 ? { ...good, photo: await photoOf(n) } : good);
      continue;
    }
    planted += 1;
    all.push(await plantedReport(all, good, planted));
  }
  return all;
}

async function plantedReport(before: readonly Planned[], good: Planned, n: number): Promise<Planned> {
  const owner = `spammer-${Math.floor(n / PER_USER)}`;
  const kind = n % (spoils.length + 2);
  const spoil = spoils[kind];
  if (spoil) {
    const [change, caught] = spoil(good.data, Math.floor(n / 8));
    return { owner, data: { ...good.data, ...change }, caught };
  }
  if (kind === spoils.length) {
    // The user's own report again, a few meters away and with different spaces.
    const own = before.findLast((one) => !one.caught && !one.photo)!;
    const { name, lat, lon } = own.data;
    const data = { ...own.data, name: name.replaceAll(" ", ""), lat: lat + 0.0001, lon };
    return { owner: own.owner, data, caught: "own_report" };
  }
  // Another user's photo, mirrored and scaled down, with a different name.
  const shown = before.findLast((one) => one.photo)!;
  const photo = await sharp(shown.photo!).flop().resize(180).webp({ quality: 60 }).toBuffer();
  return { owner, data: { ...shown.data, name: `Renamed corner ${n}` }, photo, caught: "same_photo" };
}

/** A synthetic photo with soft colors, different for each number. */
async function photoOf(n: number): Promise<Buffer> {
  const side = 6;
  let seed = n + 1;
  const data = Uint8Array.from({ length: side * side * 3 }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % 256;
  });
  return sharp(data, { raw: { width: side, height: side, channels: 3 } })
    .resize(320, 240, { fit: "fill", kernel: "cubic" })
    .jpeg()
    .toBuffer();
}
