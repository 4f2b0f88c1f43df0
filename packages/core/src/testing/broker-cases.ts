import { deliveryCases } from "./broker-delivery-cases.ts";
import { idempotencyCases } from "./broker-idempotency-cases.ts";
import { logCases } from "./broker-log-cases.ts";
import type { BrokerLimits, BrokerSubject } from "./broker-subject.ts";
import { casesFor, type ConformanceCase } from "./cases.ts";

export interface BrokerSuite {
  /**
   * A fresh broker. `limits`, where they are given, are to be kept instead of the defaults.
   */
  readonly make: (limits?: Partial<BrokerLimits>) => Promise<BrokerSubject>;
  /**
   * The longest time that a subject's `advance` can let pass, in milliseconds; any by default. Cases that need more are
   * not among those returned: with a clock of one's own, a broker is asked everything.
   */
  readonly longestMs?: number;
}

/** Every sentence of the contract of `Broker`. */
export function brokerCases({ make, longestMs = Number.POSITIVE_INFINITY }: BrokerSuite): readonly ConformanceCase[] {
  const groups = [deliveryCases, logCases, idempotencyCases];
  return groups.flatMap((group) =>
    group.flatMap(({ limits, needsMs = 0, cases }) => (needsMs > longestMs ? [] : casesFor(() => make(limits), cases))),
  );
}
