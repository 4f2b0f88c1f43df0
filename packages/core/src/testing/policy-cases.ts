import type { ChannelAction, ChannelAddress, Principal } from "@roomcast/protocol";
import type { ChannelPolicy, PolicyContext, Verdict } from "../policy.ts";
import { casesFor, check, same, type ConformanceCase } from "./cases.ts";

/** A question to a policy, and what it must answer. */
export interface PolicyQuestion {
  readonly principal: Principal;
  readonly action: ChannelAction;
  readonly address: ChannelAddress;
  readonly context: PolicyContext;
  readonly allowed: boolean;
}

export interface PolicySubject {
  readonly policy: ChannelPolicy;
  /** Questions of which one knows the answer; they must not depend on the time or on each other. */
  readonly questions: readonly PolicyQuestion[];
  close(): Promise<void>;
}

/** Every sentence of the contract of `ChannelPolicy`. */
export function channelPolicyCases(make: () => Promise<PolicySubject>): readonly ConformanceCase[] {
  return casesFor(make, {
    "answers what is known of it": async ({ policy, questions }) => {
      for (const question of questions) await answers(policy, question);
    },
    "answers the same in any order, again, and many at once": async ({ policy, questions }) => {
      for (const question of questions.toReversed()) await answers(policy, question);
      await Promise.all([...questions, ...questions].map((question) => answers(policy, question)));
    },
    "gives settings at once, for any address, and always the same": async ({ policy, questions }) => {
      for (const { address } of questions) {
        const { keep, slow } = policy.settings(address);
        check(slow === "disconnect" || slow === "resync", `slow is ${slow}`);
        if (keep !== false) {
          check(keep.size >= 0 && keep.seconds >= 0, `keep is ${JSON.stringify(keep)}`);
        }
        same(policy.settings({ ...address }), { keep, slow }, "the settings of an equal address");
      }
    },
    "leaves principals, addresses and contexts as they are": async ({ policy, questions }) => {
      for (const question of questions) {
        const { principal, address, context } = question;
        const before = JSON.stringify([principal, address, context]);
        await policy.decide(principal, question.action, address, context);
        same(JSON.stringify([principal, address, context]), before, "what was asked with");
      }
    },
  });
}

async function answers(policy: ChannelPolicy, question: PolicyQuestion): Promise<void> {
  const { principal, action, address, context, allowed } = question;
  const verdict: Verdict = await policy.decide(principal, action, address, context);
  const what = `${principal.userId} of ${principal.tenantId} to ${action} ${address.name}`;
  same(verdict.allowed, allowed, what);
  if (!verdict.allowed) return;
  check(verdict.by === "rule" || verdict.by === "grant", `${what}: owed to ${verdict.by}`);
  check(verdict.until === undefined || Number.isFinite(verdict.until), `${what}: until ${verdict.until}`);
}
