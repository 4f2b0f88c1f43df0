import { Body, Controller, Get, HttpCode, Param, Post } from "@nestjs/common";
import { BrokerService } from "./broker.service.ts";

/** What of the Steedos Server makes events: routes of the application, that know the broker and no socket. */
@Controller()
export class RecordsController {
  readonly #broker: BrokerService;

  constructor(broker: BrokerService) {
    this.#broker = broker;
  }

  @Post("spaces/:spaceId/:object/:id")
  @HttpCode(202)
  async update(
    @Param("spaceId") spaceId: string,
    @Param("object") objectApiName: string,
    @Param("id") id: string,
  ): Promise<void> {
    const event = { spaceId, objectApiName, id, userId: "ann", isUpdate: true };
    await this.#broker.broker.broadcast(`@objectRecordEvent.${objectApiName}.updated`, event);
  }

  /** `{ tenantId, users, message }`. */
  @Post("notifications")
  @HttpCode(202)
  async notify(@Body() data: object): Promise<void> {
    await this.#broker.broker.emit("$broadcast.$notification.users", { data });
  }

  /** `{ eventName, eventParams, room? }`. */
  @Post("events")
  @HttpCode(202)
  async emit(@Body() data: object): Promise<void> {
    await this.#broker.broker.emit("$broadcast.socket.emit", { data });
  }

  /** `{ type, action, data }`. */
  @Post("metadata")
  @HttpCode(202)
  async metadata(@Body() change: { readonly type: string }): Promise<void> {
    await this.#broker.broker.broadcast(`$metadata.${change.type}`, change);
  }

  @Get("subscribed")
  subscribed(): readonly unknown[] {
    return this.#broker.subscribed;
  }
}
