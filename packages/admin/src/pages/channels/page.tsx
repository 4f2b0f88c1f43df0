import { useParam } from "../../components/use-param.ts";
import { ChannelList } from "./channel-list.tsx";
import { ChannelView } from "./channel-view.tsx";

/** All channels, or the one that the address names. */
export function ChannelsPage() {
  const [channel] = useParam("channel");
  // Another channel is another page: nothing of the one is shown with the other.
  return channel === undefined ? <ChannelList /> : <ChannelView key={channel} channel={channel} />;
}
