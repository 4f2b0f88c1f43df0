export {
  CreateResult,
  CrudException,
  DeleteResult,
  ListResult,
  Pagination,
  RealtimeCreated,
  RealtimeDeleted,
  RealtimeSaved,
  RealtimeUpdated,
  ResourcePath,
  SaveResult,
  UpdateResult,
  type CRUDService,
  type EntityId,
  type ExecutionContext as RealtimeContext,
  type RealtimeOptions,
} from "@roomcast/core/crud";
export type { Gateway } from "@roomcast/core";
export { GatewayError, type ErrorCode } from "@roomcast/protocol";
export { ConfigError, type Embedded, type EmbedOptions } from "@roomcast/server";
export { CONNECTION, RoomcastConnections } from "./connections.ts";
export type { RoomcastClient } from "./client.ts";
export { RoomcastExceptionFilter } from "./exception-filter.ts";
export { toGatewayError } from "./exceptions.ts";
export { RoomcastModule } from "./module.ts";
export type { Enhancer, NestOptions, RoomcastModuleAsyncOptions, RoomcastModuleOptions } from "./options.ts";
export { RoomcastTestingModule, TEST_SECRET, type OverridableModule } from "./testing.ts";
export { InjectGateway, InjectRoomcast, ROOMCAST, ROOMCAST_GATEWAY } from "./tokens.ts";
