// The gateways of compose.yaml. Channel rules and everything else that a configuration file takes can be added.
export default {
  // nginx stands before them.
  trustProxy: 1,
  drainSeconds: 10,
};
