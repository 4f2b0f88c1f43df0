import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from "@nestjs/common";
import { InjectGateway, type Gateway } from "@roomcast/nest";
import { roomcastService } from "@roomcast/server/moleculer";
import { ServiceBroker } from "moleculer";

/** The Moleculer broker in this process. One service connects it with the clients; the others are the application's. */
@Injectable()
export class BrokerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly broker = new ServiceBroker({ nodeID: "nest-steedos", logger: false });
  /** Whose room somebody subscribed to, as `$socket.subscribe.*` tells services. */
  readonly subscribed: unknown[] = [];

  constructor(@InjectGateway() gateway: Gateway) {
    this.broker.createService(roomcastService({ gateway }));
    this.broker.createService({
      name: "watcher",
      events: { "$socket.subscribe.*": (ctx: { readonly params: unknown }) => void this.subscribed.push(ctx.params) },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.broker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.broker.stop();
  }
}
