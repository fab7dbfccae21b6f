import { client, follow } from "./api.js";
import { answerCard, rewardCard, seenCard } from "./cards.js";
import { h, messageOf, replace } from "./dom.js";
import { say } from "./words.js";

/** @typedef {import("millrace/client").Job} Job */
/** @typedef {"running" | "retrying" | "failed" | "done"} Status */

/** Steps of the pipeline, with a scan's progress in percent after each. */
const STAGES = { queued: 0, vision: 25, rule: 50, answer: 75, reward: 100 };
/** @typedef {keyof typeof STAGES} Stage */
const names = /** @type {Stage[]} */ (Object.keys(STAGES));
const shows = ["item.started", "item.retrying", "item.failed"];

/** Preparing the photo counts as queued. @param {string | null | undefined} step @returns {Stage} */
const stageOf = (step) => (step && step in STAGES ? /** @type {Stage} */ (step) : "queued");

/**
 * Shows a scan: its stages while it runs, and their results.
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function resultView(id, signal) {
  const parts = {
    ...{ stages: h("ol.stages"), seen: h("div"), answer: h("div"), reward: h("div"), trouble: h("div") },
  };
  const again = h("a.button", { href: "#scan" }, say().scan.again);
  const { stages, seen, answer, reward, trouble } = parts;
  const view = h("section.result", {}, stages, seen, answer, reward, trouble, again);
  const job = await client.job(id, { signal });
  if (job.finishedAt) showEnd(parts, job, signal);
  else run(parts, id, signal);
  return view;
}

/** @typedef {Record<"stages" | "seen" | "answer" | "reward" | "trouble", HTMLElement>} Parts */

/** @param {Parts} parts @param {string} id @param {AbortSignal} signal */
async function run(parts, id, signal) {
  drawStages(parts.stages, "queued", "running");
  const showFound = async () => {
    const job = await client.job(id, { signal });
    const found = foundBy(job).rule?.result?.seen;
    if (!job.finishedAt && found) replace(parts.seen, seenCard(job, found));
  };
  try {
    const job = await follow(id, {
      signal,
      step(type, { step, state }) {
        if (!shows.includes(type)) return;
        const status = type === "item.retrying" ? "retrying" : state === "failed" ? "failed" : "running";
        drawStages(parts.stages, stageOf(step), status);
        // Show what was recognized while the answer is being written.
        if (step === "answer" && status === "running") showFound().catch(() => {});
      },
      text: (text) => replace(parts.answer, answerCard({ text, isStreaming: true })),
    });
    showEnd(parts, job, signal);
  } catch (error) {
    if (!signal.aborted) replace(parts.trouble, h("p.trouble", { role: "alert" }, messageOf(error)));
  }
}

/** @param {HTMLElement} list @param {Stage} present @param {Status} status */
function drawStages(list, present, status) {
  const at = names.indexOf(present);
  const words = say().stages;
  const items = names.map((name, n) => {
    const state = n < at || status === "done" ? "done" : n === at ? status : "todo";
    return h("li", { className: state, "aria-current": n === at ? "step" : "false" }, words[name]);
  });
  const percent = status === "done" ? 100 : STAGES[names[at - 1] ?? "queued"];
  list.style.setProperty("--done", `${percent}%`);
  list.setAttribute("aria-label", `${percent} %`);
  replace(list, ...items, status === "retrying" ? h("li.hint", {}, say().retrying) : null);
}

/**
 * Succeeded steps by name.
 * @param {Job} job
 * @returns {Record<string, any>}
 */
function foundBy(job) {
  const steps = job.items[0]?.steps ?? [];
  return Object.fromEntries(steps.filter(({ state }) => state === "succeeded").map((one) => [one.name, one]));
}

/** @param {Parts} parts @param {Job} job @param {AbortSignal} signal */
function showEnd(parts, job, signal) {
  const [item] = job.items;
  if (!item) return;
  const { vision, answer } = foundBy(job);
  const isDone = item.state === "succeeded";
  const result = isDone ? item.result : answer?.result;
  const seen = result?.seen ?? vision?.result;
  drawStages(parts.stages, isDone ? "reward" : stageOf(item.step), isDone ? "done" : "failed");
  if (seen) replace(parts.seen, seenCard(job, seen));
  if (result?.answer) replace(parts.answer, answerCard({ ...result.answer, rule: result.rule }));
  if (result?.reward) replace(parts.reward, rewardCard(result.reward));
  replace(parts.trouble, item.error ? failure(parts, job, item.error.message, signal) : null);
}

/** @param {Parts} parts @param {Job} job @param {string} message @param {AbortSignal} signal */
function failure(parts, job, message, signal) {
  const retry = async () => {
    await client.retry(job.id);
    replace(parts.trouble);
    run(parts, job.id, signal);
  };
  return h(
    "article.card.failure",
    {},
    h("p", {}, say().failed),
    h("p.trouble", {}, message),
    h("button.primary", { type: "button", onclick: retry }, say().retry),
  );
}
