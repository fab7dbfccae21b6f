import { expect, test } from "vitest";
import { deviceOf } from "./device.ts";

test("browsers are known by what they say of themselves, those that pose as others too", () => {
  const chrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  expect(deviceOf(chrome)).toEqual({ browser: "Chrome", system: "Windows" });
  expect(deviceOf(`${chrome} Edg/140.0`)).toEqual({ browser: "Edge", system: "Windows" });
  expect(deviceOf(`${chrome} Whale/4.30`)).toEqual({ browser: "Whale", system: "Windows" });
  const iphone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
  expect(deviceOf(iphone)).toEqual({ browser: "Safari", system: "iPhone" });
  expect(
    deviceOf("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36 KAKAOTALK 25.1"),
  ).toEqual({
    browser: "KakaoTalk",
    system: "Android",
  });
  expect(deviceOf("curl/8.5.0")).toEqual({ browser: null, system: null });
});
