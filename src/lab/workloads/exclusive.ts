import type { Run } from "./workload.ts";

/** Uses the one device, after all earlier requests. */
export const exclusive: Run = async (_, { amount, device }, signal) => {
  if (device === null) throw new Error("The workload `exclusive` needs its device.");
  const answer = await fetch(`${device}/use?ms=${amount}`, { method: "POST", signal });
  if (!answer.ok) throw new Error(`the device answered ${answer.status}`);
  return answer.text();
};
