import { useChannel } from "@roomcast/react";
import { Component, type ReactNode } from "react";

/** A hook without its provider, and what an application sees of that. */
export function Lonely(): ReactNode {
  return (
    <Boundary>
      <Follower />
    </Boundary>
  );
}

function Follower(): ReactNode {
  return useChannel("chat:1").status;
}

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === undefined ? this.props.children : <pre id="error">{this.state.error.message}</pre>;
  }
}
