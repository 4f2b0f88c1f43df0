import { expect, it } from "vitest";
import { peopleOf } from "./people.ts";

const member = (socketId: string, userId: string | null, joinedAt: number) => ({ socketId, userId, joinedAt });

it("groups sockets by user, and leaves visitors by themselves", () => {
  const people = peopleOf([
    member("s1", "ada", 30),
    member("s2", null, 20),
    member("s3", "ada", 10),
    member("s4", null, 5),
    member("s5", "__proto__", 7),
  ]);
  expect(people.map(({ userId, since, members }) => [userId, since, members.map(({ socketId }) => socketId)])).toEqual([
    ["ada", 10, ["s3", "s1"]],
    [null, 20, ["s2"]],
    [null, 5, ["s4"]],
    ["__proto__", 7, ["s5"]],
  ]);
  expect(new Set(people.map(({ key }) => key)).size).toBe(4);
});
