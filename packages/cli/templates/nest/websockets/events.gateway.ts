import { Injectable } from "@nestjs/common";
import { InjectGateway, type Gateway } from "@roomcast/nest";

/** Where clients of Socket.IO alone connect: `io(url + NAMESPACE, { auth: { token } })`. That of `socket.ts` needs none. */
export const NAMESPACE = "/events";
/** The tenant of tokens that name none. */
const TENANT = "default";

/** What the application says to its users. */
@Injectable()
export class EventsGateway {
  @InjectGateway() private readonly gateway!: Gateway;

  async sendNotification(userId: string, notification: unknown, tenantId = TENANT): Promise<void> {
    await this.gateway.notify(tenantId, [userId], notification);
  }

  async sendToOrg(orgId: string, event: string, data?: unknown): Promise<void> {
    await this.gateway.publish({ tenantId: orgId, name: `org:${orgId}` }, event, data);
  }
}
