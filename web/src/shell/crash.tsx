import { Component, type ReactNode } from "react";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";

/** React supports error boundaries only as classes. */
export class CrashBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override render() {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const text = useText();
  return (
    <Empty icon="alert" title={text.crash.title}>
      <p className="mt-1 max-w-md text-soft">{text.crash.intro}</p>
      <Button look="primary" className="mt-6" onClick={() => location.reload()}>
        {text.crash.action}
      </Button>
    </Empty>
  );
}
