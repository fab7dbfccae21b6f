import type { NotifyTarget } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { ServerContext } from "../context.ts";

/** Rejects recipients that a job may not notify. Emails go to the owner's confirmed address only. */
export async function checkNotify(
  { engine, notices }: Pick<ServerContext, "engine" | "notices">,
  { owner, notify = [] }: { owner: string; notify?: readonly NotifyTarget[] },
): Promise<void> {
  for (const target of notify) if ("url" in target) engine.outgoing.check(target.url);
  const mails = notify.flatMap((target) => ("email" in target ? [target.email] : []));
  if (mails.length === 0) return;
  const { address, available } = await notices.address(owner);
  if (!available) {
    throw new MillraceError("notify_refused", "This server does not send email: MILLRACE_SMTP is not set.");
  }
  const other = mails.find((mail) => mail.toLowerCase() !== address?.toLowerCase());
  if (other === undefined) return;
  const own = address === null ? "you have no confirmed address yet" : `which is ${address}`;
  throw new MillraceError("notify_refused", `Emails go only to your own confirmed address: ${own}.`, {
    extra: { issues: [{ path: "notify", message: `${other} is not a confirmed address of yours` }] },
  });
}
