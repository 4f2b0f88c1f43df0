import { expect, it } from "vitest";
import { readUsers } from "./user-list.ts";

it("reads ids between any white space, each once", () => {
  expect(readUsers(" ada\ngrace\t4711 \r\n ada alan@example.com,x ")).toEqual({
    users: ["ada", "grace", "4711", "alan@example.com,x"],
    invalid: [],
    repeated: 1,
  });
  expect(readUsers(" \n ")).toEqual({ users: [], invalid: [], repeated: 0 });
});

it("tells what is no id", () => {
  const long = "é".repeat(65);
  const { users, invalid } = readUsers(`ada a*b {x} ze\u200Bro ${long} __proto__`);
  expect(users).toEqual(["ada", "__proto__"]);
  expect(invalid).toEqual(["a*b", "{x}", "ze\u200Bro", long]);
});
