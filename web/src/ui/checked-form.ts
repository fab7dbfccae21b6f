import { type FormEvent, useRef, useState } from "react";

/**
 * A form whose faults show from the first try to send it on, never before; that try leads to the first of them.
 * @param faults by field; `null` where there is none
 */
export function useCheckedForm<Name extends string>(faults: Record<Name, string | null>, send: () => void) {
  const ref = useRef<HTMLFormElement>(null);
  const [tried, setTried] = useState(false);

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (Object.values(faults).every((fault) => fault === null)) {
      send();
      return;
    }
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }

  return {
    props: { ref, noValidate: true, onSubmit },
    fault: (name: Name): string | null => (tried ? faults[name] : null),
    /** As if it were new. */
    reset: () => setTried(false),
  };
}
