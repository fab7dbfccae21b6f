import { domainToUnicode } from "node:url";
import type { Reason } from "./reasons.ts";

/** URL shorteners, which hide the destination. */
const SHORTENERS = new Set([
  ...[
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "is.gd",
    "ow.ly",
    "buff.ly",
    "cutt.ly",
    "rebrand.ly",
    "t.ly",
  ],
  ...["me2.do", "han.gl", "vo.la", "url.kr", "buly.kr", "c11.kr", "zrr.kr", "shorturl.at", "t.me", "wa.me"],
]);
/** Cheap top-level domains that are full of spam and that no public place of the country uses. */
const CHEAP = new Set([
  "xyz",
  "top",
  "click",
  "loan",
  "win",
  "bid",
  "vip",
  "icu",
  "rest",
  "cam",
  "casino",
  "bet",
]);

/** Why a report's link is rejected. */
export function linkRules(link: string | undefined): Reason[] {
  if (link === undefined) return [];
  const { hostname, username, port } = new URL(link);
  const host = hostname.replace(/\.$/, "");
  const labels = host.split(".");
  const isHidden =
    SHORTENERS.has(labels.slice(-2).join(".")) ||
    CHEAP.has(labels.at(-1)!) ||
    // An IP address, or a name with lookalike letters.
    /^[\d.]+$|^\[/.test(host) ||
    labels.length < 2 ||
    labels.some((label) => label.startsWith("xn--") && !isHangul(label)) ||
    // user@host, which looks like another host.
    username !== "" ||
    port !== "";
  return isHidden ? ["bad_link"] : [];
}

/** Korean names are common and do not resemble other scripts. */
function isHangul(label: string): boolean {
  return /^[\p{sc=Hangul}\p{N}-]+$/u.test(domainToUnicode(label));
}
