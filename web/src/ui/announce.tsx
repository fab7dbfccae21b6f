import { useEffect, useState } from "react";

/** Announces a message to screen readers without moving the focus. */

let say: (message: string) => void = () => {};

export function announce(message: string): void {
  say(message);
}

export function Announcer() {
  const [message, setMessage] = useState("");
  useEffect(() => {
    say = setMessage;
    return () => {
      say = () => {};
    };
  }, []);
  return (
    <div role="status" aria-live="polite" className="sr-only">
      {message}
    </div>
  );
}
