import type { Member } from "@roomcast/client";
import { expect, it } from "vitest";
import { byAge, peopleOf } from "./people.ts";

const member = (socketId: string, userId: string | null, joinedAt: number): Member => ({ socketId, userId, joinedAt });

it("groups sessions by user, oldest first, and takes each visitor for one", () => {
  const members = [
    member("4", null, 4),
    member("3", "ada", 3),
    member("2", "bob", 1),
    member("1", "ada", 1),
    member("5", null, 5),
  ].toSorted(byAge);
  const people = peopleOf(members);
  expect(people.map(({ userId, members: own }) => [userId, own.map(({ socketId }) => socketId)])).toEqual([
    ["ada", ["1", "3"]],
    ["bob", ["2"]],
    [null, ["4"]],
    [null, ["5"]],
  ]);
  expect(new Set(people.map(({ key }) => key)).size).toBe(4);
});

it("has no key twice, whatever users are called", () => {
  const people = peopleOf([member("s", null, 1), member("t", "s", 1), member("u", "__proto__", 1)]);
  expect(people.map(({ key }) => key)).toEqual(["visitor s", "s", "__proto__"]);
});
