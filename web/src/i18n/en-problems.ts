import type { Words } from "./words.ts";

export const enProblems: Words = {
  network: {
    title: "The server did not answer",
    advice: "Check that it runs and that you are connected. Nothing you chose is lost.",
  },
  unexpected: {
    title: "Something went wrong",
    advice: "Try again; if it comes back, look at the server's log.",
  },
  unreadable_file: {
    title: "A file can no longer be read",
    advice: "It was changed, moved or removed since you chose it. Choose it again.",
  },
  invalid_request: { title: "The server did not understand the request" },
  unauthorized: { title: "Log in first" },
  forbidden: { title: "You are not allowed to do this" },
  forbidden_origin: {
    title: "The server refuses requests from this address",
    advice: "Open the page under the address that the server printed when it started.",
  },
  not_found: { title: "Not found", advice: "It may have been deleted." },
  job_ended: { title: "The job has already ended" },
  job_not_retryable: { title: "There is nothing to retry in this job" },
  job_not_ended: { title: "The job has not ended yet" },
  gone: {
    title: "These files are past their retention",
    advice: "Upload the originals again to repeat the job.",
  },
  too_many_items: { title: "Too many items", advice: "Split them over several jobs." },
  too_many_files: { title: "Too many files", advice: "Split them over several jobs." },
  file_too_large: {
    title: "A file is too large",
    advice: "Remove it or make it smaller, then send again.",
  },
  request_too_large: { title: "The request is too large" },
  unsupported_media: {
    title: "A file is of a kind that is not accepted",
    advice: "Files are known by what is in them, not by their names. Remove it and send the others.",
  },
  invalid_items: { title: "Some items are not valid" },
  invalid_schedule: { title: "The schedule is not valid" },
  email_unverified: { title: "Open the link in the mail that we sent you first" },
  weak_password: { title: "Choose another password" },
  invalid_link: { title: "This link does not count any more" },
  unknown_part: { title: "The form has a part that nothing reads" },
  invalid_options: { title: "Some options are not valid" },
  address_refused: {
    title: "An address may not be used",
    advice: "It must begin with https:// or http://, be public, and hold no password.",
  },
  fetch_failed: {
    title: "The file could not be fetched from its address",
    advice: "Open the address yourself: does it show the file without signing in?",
  },
  idempotency_mismatch: { title: "This was sent before with other contents", advice: "Send it again." },
  queue_full: {
    title: "The server is busy: its queue is full",
    advice: "Your choice is kept. Send it again when the time has passed.",
  },
  quota_exceeded: {
    title: "A quota is used up",
    advice: "Wait for jobs to end, delete jobs or files that you no longer need, or close other tabs.",
  },
  rate_limited: { title: "Too many requests in a short time", advice: "Wait a moment, then go on." },
  internal: {
    title: "Something went wrong on the server",
    advice: "Try again; if it comes back, look at its log.",
  },
  unavailable: { title: "A part of the server is not available", advice: "Try again in a moment." },
  storage_full: {
    title: "The server's disk is full",
    advice: "Delete old jobs or make room, then try again.",
  },
  undecodable_file: {
    title: "The picture cannot be read",
    advice: "It is damaged, cut off, or not what its name says.",
  },
  too_many_pixels: {
    title: "The picture has too many pixels",
    advice: "Make it smaller before you upload it.",
  },
  too_many_frames: {
    title: "The animation has too many frames",
    advice: "Convert it without the animation, or shorten it before you upload it.",
  },
  too_many_pages: { title: "The document has too many pages" },
  too_deep: { title: "Jobs start jobs too many levels deep" },
  step_failed: { title: "This step failed" },
  too_much_memory: {
    title: "The file needs too much memory",
    advice: "Make it smaller before you upload it.",
  },
  step_timeout: { title: "It took too long and was stopped" },
  worker_died: {
    title: "The program that worked on it crashed, several times",
    advice: "Something in this very file makes it fall over.",
  },
  parts_failed: { title: "Parts that this step needs have failed" },
  too_many_parts: { title: "The file has too many parts" },
  items_failed: { title: "Files that this step needs have failed" },
};
