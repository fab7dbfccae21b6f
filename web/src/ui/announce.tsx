import { useEffect, useState } from "react";

/** What screen readers are told without moving their focus. */

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
