import type { Namespace, Socket } from "socket.io";
import { Adapter, type BroadcastOptions } from "socket.io-adapter";
import type { Packet } from "socket.io-parser";

/** What Socket.IO has and its types hide. */
interface Engine {
  writeToEngine(
    packets: readonly unknown[],
    options: { volatile?: boolean | undefined; compress?: boolean | undefined },
  ): void;
}

type Acknowledge = (...args: unknown[]) => void;

/**
 * Socket.IO's adapter for a namespace whose fan-out is the hub's: it keeps no rooms. An application's own `io.emit` reaches
 * all sockets, and `io.to(socket.id).emit` that one. Joining any other room throws, since nothing would ever reach it.
 *
 * Packets go by each connection's own writer, so that they keep their order among everything else; Socket.IO's own adapter
 * would write its encoded frames past it.
 */
export class RoomlessAdapter extends Adapter {
  override addAll(id: string, rooms: Set<string>): void {
    for (const room of rooms) {
      if (room !== id)
        throw new Error("A Roomcast endpoint keeps no Socket.IO rooms: publish to a channel of the gateway");
    }
  }

  override del(): void {}

  override delAll(): void {}

  override socketRooms(id: string): Set<string> {
    return new Set([id]);
  }

  override broadcast(packet: Packet, options: BroadcastOptions): void {
    this.#send(packet, options);
  }

  override broadcastWithAck(
    packet: Packet,
    options: BroadcastOptions,
    clientCountCallback: (clientCount: number) => void,
    acknowledge: Acknowledge,
  ): void {
    packet.id = (this.nsp as { _ids: number })._ids++;
    clientCountCallback(this.#send(packet, options, acknowledge));
  }

  override sockets(rooms: Set<string>): Promise<Set<string>> {
    return Promise.resolve(new Set(this.#targets({ rooms }).map(({ id }) => id)));
  }

  override fetchSockets(options: BroadcastOptions): Promise<Socket[]> {
    return Promise.resolve(this.#targets(options));
  }

  override addSockets(options: BroadcastOptions, rooms: string[]): void {
    for (const socket of this.#targets(options)) void socket.join(rooms);
  }

  override delSockets(): void {}

  override disconnectSockets(options: BroadcastOptions, close: boolean): void {
    for (const socket of this.#targets(options)) socket.disconnect(close);
  }

  #send(packet: Packet, options: BroadcastOptions, acknowledge?: Acknowledge): number {
    const namespace = this.#namespace;
    packet.nsp = namespace.name;
    const packets: readonly unknown[] = namespace.server.encoder.encode(packet);
    const flags = { volatile: options.flags?.volatile, compress: options.flags?.compress };
    const targets = this.#targets(options);
    for (const socket of targets) {
      if (acknowledge !== undefined && packet.id !== undefined) acknowledgements(socket).set(packet.id, acknowledge);
      // Engine.IO writes its own defaults into the options.
      (socket.client as unknown as Engine).writeToEngine(packets, { ...flags });
    }
    return targets.length;
  }

  #targets(options: BroadcastOptions): Socket[] {
    const { rooms, except } = options;
    const { sockets } = this.#namespace;
    const targets: Socket[] = [];
    for (const id of rooms.size > 0 ? rooms : sockets.keys()) {
      const socket = sockets.get(id);
      if (socket !== undefined && except?.has(id) !== true) targets.push(socket);
    }
    return targets;
  }

  get #namespace(): Namespace {
    return this.nsp as Namespace;
  }
}

function acknowledgements(socket: Socket): Map<number, Acknowledge> {
  return (socket as unknown as { acks: Map<number, Acknowledge> }).acks;
}
