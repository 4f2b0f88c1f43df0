import { expect, it } from "vitest";
import {
  CreateResult,
  CrudException,
  DeleteResult,
  ListResult,
  Pagination,
  ResourcePath,
  SaveResult,
  UpdateResult,
} from "./index.ts";

it("tells the results apart: none is an instance of another's class", () => {
  const results = [
    new CreateResult("t", 1),
    new UpdateResult("t", 1),
    new SaveResult("t", 1, "exists"),
    new DeleteResult("t", 1, true),
    new ListResult("t", [1]),
  ];
  const classes = [CreateResult, UpdateResult, SaveResult, DeleteResult, ListResult];
  const seen = results.map((result) => classes.map((one) => result instanceof one));
  expect(seen).toEqual(classes.map((one) => classes.map((other) => one === other)));
});

it("keeps what a result was made of, and nothing else", () => {
  expect({ ...new CreateResult("t", 1) }).toStrictEqual({ operation: "create", type: "t", entity: 1 });
  expect({ ...new UpdateResult("t", 1) }).toStrictEqual({ operation: "update", type: "t", entity: 1 });
  expect({ ...new SaveResult("t", 1, "exists") }).toStrictEqual({ operation: "exists", type: "t", entity: 1 });
  expect({ ...new DeleteResult("t", 1, false) }).toStrictEqual({
    operation: "delete",
    type: "t",
    entity: 1,
    deleted: false,
  });
});

it("maps and filters the entities of a list in their place, and gives a copy of them", () => {
  const given = [1, 2, 3];
  const list = new ListResult("number", given, new Pagination("next"));
  list.filterEntities((number) => number > 1);
  list.mapEntities((number) => number * 10);
  expect(list.getEntities()).toEqual([20, 30]);
  list.getEntities().pop();
  expect(JSON.parse(JSON.stringify(list))).toEqual({ type: "number", entities: [20, 30], page_token: "next" });
  expect(given).toEqual([1, 2, 3]);
  expect(list.isEmpty()).toBe(false);
  const empty = new ListResult("number", []);
  expect([empty.isEmpty(), empty.page_token]).toEqual([true, undefined]);
});

it("fills in what a page does not say", () => {
  expect(new Pagination()).toEqual({ page_token: undefined, limitStr: "100", reversed: false });
  expect(Pagination.fromPaginable({})).toEqual(new Pagination());
  expect(Pagination.fromPaginable({ page_token: "p", limitStr: "5", reversed: true })).toEqual(
    new Pagination("p", "5", true),
  );
});

it("knows the statuses of its exceptions", () => {
  const { badRequest, forbidden, notFound, notImplemented, badGateway } = CrudException;
  const exceptions = [badRequest, forbidden, notFound, notImplemented, badGateway].map((make) => make("why"));
  expect(exceptions.map(({ status, details, message }) => [status, details, message])).toEqual(
    [400, 403, 404, 501, 502].map((status) => [status, "why", "why"]),
  );
  expect(exceptions[0]).toBeInstanceOf(Error);
});

it("joins a resource's path and changes nothing about its pieces", () => {
  expect(String(ResourcePath.get("/a/?b=c"))).toBe("/a/?b=c");
  expect(String(ResourcePath.get(["/companies", "1", ""]))).toBe("/companies/1/");
});
