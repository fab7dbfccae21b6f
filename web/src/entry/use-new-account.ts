import { useMutation } from "@tanstack/react-query";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { logIn } from "../session/session.ts";

export interface NewAccount {
  name: string;
  email: string;
  password: string;
  invite?: string;
}

/** Creates an account and logs in. Resolves with `mail` if the address must be confirmed first. */
export function useNewAccount() {
  return useMutation({
    async mutationFn({ name, invite, ...credentials }: NewAccount): Promise<"in" | "mail"> {
      await client.account.register({ ...credentials, ...(name && { name }), ...(invite && { invite }) });
      try {
        await logIn(credentials);
        return "in";
      } catch (error) {
        if (asProblem(error).code === "email_unverified") return "mail";
        throw error;
      }
    },
  });
}
