export {
  authenticatorCases,
  revocationsCases,
  type AuthenticatorSubject,
  type RevocationsSubject,
} from "./auth-cases.ts";
export { brokerCases, type BrokerSuite } from "./broker-cases.ts";
export type { BrokerLimits, BrokerSubject } from "./broker-subject.ts";
export type { ConformanceCase } from "./cases.ts";
export { connectionCases, type ConnectedClient, type ConnectionSubject } from "./connection-cases.ts";
export { ManualClock, turn } from "./manual-clock.ts";
export { channelPolicyCases, type PolicyQuestion, type PolicySubject } from "./policy-cases.ts";
export { checkPaging, type ChannelState, type PagingPlan } from "./paging.ts";
export { presenceStoreCases } from "./presence-cases.ts";
export type { PresenceSubject } from "./presence-subject.ts";
export { TestClient, TestWire, type Received } from "./test-client.ts";
export { TestCluster, type Delay } from "./test-cluster.ts";
export { TestGateway, testPrincipal, trustingAuthenticator } from "./test-gateway.ts";
