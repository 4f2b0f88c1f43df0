export { CrudException } from "./crud-exception.ts";
export type { CRUDService, EntityId, ExecutionContext } from "./crud-service.ts";
export {
  EventBus,
  type EventListener,
  type EventOf,
  type EventOrigin,
  type RealtimeEntityEvent,
  type RealtimeTopic,
} from "./event-bus.ts";
export { ListResult, Pagination, type Paginable } from "./list-result.ts";
export {
  bindRealtime,
  isRealtime,
  unbindRealtime,
  type RealtimeGateway,
  type RealtimeOptions,
} from "./realtime-binding.ts";
export {
  RealtimeCreated,
  RealtimeDeleted,
  RealtimeSaved,
  RealtimeUpdated,
  type RealtimeDecorator,
  type RealtimeDecoratorFactory,
} from "./realtime-decorators.ts";
export type { PathSource, RealtimeRecipient, RealtimeRecipients, RoomSource } from "./recipients.ts";
export { ResourcePath } from "./resource-path.ts";
export { CreateResult, DeleteResult, SaveResult, UpdateResult, type OperationResult } from "./results.ts";
