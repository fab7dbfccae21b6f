import { type ReactNode, useEffect } from "react";
import { navigate, useRoute } from "../router/router.ts";
import { isEntry, paths } from "../router/routes.ts";
import { Skeleton } from "../ui/skeleton.tsx";
import { useSession } from "./session.ts";

/** Shows its content to logged-in users. Sends others to the login and back here. */
export function Gate({ children }: { children: ReactNode }) {
  const { page } = useRoute();
  const { phase } = useSession();
  const open = isEntry(page) || (phase !== "out" && phase !== "starting");

  useEffect(() => {
    if (open || phase !== "out") return;
    const here = location.pathname + location.search;
    const to = here === paths.convert ? paths.login : `${paths.login}?next=${encodeURIComponent(here)}`;
    navigate(to, { replace: true });
  }, [open, phase]);

  if (open) return children;
  // The answer usually arrives before this becomes visible.
  return (
    <div className="animate-[appear_200ms_500ms_both]">
      <Skeleton rows={3} height="8rem" />
    </div>
  );
}

/** Whether the user can see more than the entry pages. */
export function useIsOpen(): boolean {
  const { phase } = useSession();
  return phase !== "out" && phase !== "starting";
}
