import type { FastifyRequest } from "fastify";
import { type NoticeLocale, noticeLocales } from "../../domain/notices.ts";

/** The first supported language in `Accept-Language`, or else English. */
export function languageOf({ headers }: Pick<FastifyRequest, "headers">): NoticeLocale {
  const asked = (headers["accept-language"] ?? "")
    .split(",", 20)
    .map((one) => {
      const [tag = "", ...rest] = one.trim().split(";");
      const weight = rest.map((part) => /^\s*q=([\d.]+)\s*$/.exec(part)?.[1]).find(Boolean);
      return {
        language: tag.split("-")[0]!.toLowerCase(),
        weight: weight === undefined ? 1 : Number(weight),
      };
    })
    .sort((a, b) => b.weight - a.weight);
  const known = (language: string) => noticeLocales.find((locale) => locale === language);
  return asked.map(({ language }) => known(language)).find((locale) => locale !== undefined) ?? "en";
}
