import { useQuery } from "@tanstack/react-query";
import type { SignInMeans } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";

export interface EntryProps {
  means: SignInMeans;
  /** Of a link: what stands behind its `#`. */
  token: string;
}

/** How people may log in here. */
export function useMeans() {
  return useQuery({
    queryKey: ["means"],
    queryFn: ({ signal }) => client.account.means({ signal }),
    staleTime: 60_000,
  });
}
