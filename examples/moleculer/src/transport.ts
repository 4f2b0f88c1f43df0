/** Moleculer's own TCP transporter between processes of this machine; `known` are addresses of nodes to begin with. */
export function tcp(known: readonly string[] = []) {
  return {
    type: "TCP",
    options: { udpDiscovery: false, useHostname: false, gossipPeriod: 1, urls: known },
  };
}
