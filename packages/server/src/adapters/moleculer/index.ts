export { roomcastService, type RoomcastServiceOptions } from "./service.ts";
