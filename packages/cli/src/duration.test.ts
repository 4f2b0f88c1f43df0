import { expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

it("reads seconds, minutes, hours and days", () => {
  expect(["90s", "15m", "1h", "7d"].map(parseDuration)).toEqual([90, 900, 3_600, 604_800]);
});

it.each(["", "1", "h", "0s", "-1h", "1.5h", "1 h", "1H", "1w", "9999999999s", "1h30m"])("refuses %j", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
