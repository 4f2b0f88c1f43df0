import { useTranslation } from "react-i18next";
import type { RuleMatch } from "../../api/types.ts";
import { useCauses } from "../../components/use-causes.ts";
import { useMoment } from "../../components/use-moment.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Finding } from "./diagnosis.ts";

/** A finding as a sentence. */
export function FindingText({ finding, channel }: { readonly finding: Finding; readonly channel: string }) {
  const { t } = useTranslation("users");
  const moment = useMoment();
  const causes = useCauses();
  const { bytes, count } = useNumbers();
  const rule = ({ kind, index, match }: RuleMatch): string =>
    t(`rule.${kind}`, { number: (index ?? 0) + 1, match: match ?? "" });
  // Names stand isolated, so that none turns the direction of the sentence.
  const shown = isolate(channel);
  switch (finding.kind) {
    case "noConnection":
    case "neverSeen":
    case "neverTried":
      return t(`findings.${finding.kind}`);
    case "noneFollow":
      return t("findings.noneFollow", { channel: shown });
    case "connections":
      return t("findings.connections", { total: count(finding.total) });
    case "someFollow":
      return t("findings.someFollow", { following: count(finding.some), total: count(finding.total), channel: shown });
    case "unchecked":
      return t("findings.unchecked", { checked: count(finding.some), total: count(finding.total) });
    case "lastEnded":
    case "arrivalRefused": {
      const { at, code } = finding.incident;
      return t(`findings.${finding.kind}`, { at: moment(at), code, what: causes.what(finding.incident) });
    }
    case "refusedAt":
    case "slowEnded":
    case "droppedAt":
      return t(`findings.${finding.kind}`, { at: moment(finding.incident.at), channel: shown });
    case "revoked":
      return t("findings.revoked", { at: moment(finding.at) });
    case "wouldRefuse":
    case "wouldAllow":
      return t(`findings.${finding.kind}`, {
        rule: rule(finding.rule),
        channel: shown,
        socketId: isolate(finding.socketId),
      });
    case "lagging":
    case "filtered":
    case "grantsOnly":
      return t(`findings.${finding.kind}`, { channel: shown, socketId: isolate(finding.socketId) });
    case "overloaded":
      return t("findings.overloaded", {
        socketId: isolate(finding.socketId),
        bytes: bytes(finding.bytes),
        limit: bytes(finding.limit),
      });
    case "silent":
      return t("findings.silent", { socketId: isolate(finding.socketId), nodeId: isolate(finding.nodeId) });
    case "unreachable":
      return t("findings.unreachable", { nodes: finding.nodes.map(isolate).join(", ") });
  }
}

/** Between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE of Unicode's bidirectional algorithm. */
function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
