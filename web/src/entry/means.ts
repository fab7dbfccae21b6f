import { useQuery } from "@tanstack/react-query";
import type { SignInMeans } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";

export interface EntryProps {
  means: SignInMeans;
  /** The part of the link after `#`. */
  token: string;
}

/** Ways to log in on this server. */
export function useMeans() {
  return useQuery({
    queryKey: ["means"],
    queryFn: ({ signal }) => client.account.means({ signal }),
    staleTime: 60_000,
  });
}
