import { type FormEvent, useRef, useState } from "react";

/**
 * A form that shows errors only after the first attempt to submit it, which also focuses the first error.
 * @param faults by field. `null` for valid fields
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
    /** Hides errors until the next attempt. */
    reset: () => setTried(false),
  };
}
