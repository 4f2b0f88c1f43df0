export { ManualClock, turn } from "./manual-clock.ts";
export { TestClient, TestGateway, testPrincipal, trustingAuthenticator } from "./test-gateway.ts";
