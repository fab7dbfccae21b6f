import type { Words } from "./words.ts";

export const enProblems: Words = {
  network: {
    title: "The server did not answer",
    advice: "Check that it is running and that you are connected. Your choices are kept.",
  },
  unexpected: {
    title: "Something went wrong",
    advice: "Try again. If it happens again, check the server's log.",
  },
  unreadable_file: {
    title: "A file can no longer be read",
    advice: "It was changed, moved or deleted after you chose it. Choose it again.",
  },
  invalid_request: { title: "The server did not understand the request" },
  unauthorized: { title: "Log in first" },
  forbidden: { title: "You are not allowed to do this" },
  forbidden_origin: {
    title: "The server refuses requests from this address",
    advice: "Open the page at the address that the server printed when it started.",
  },
  not_found: { title: "Not found", advice: "It may have been deleted." },
  job_ended: { title: "The job has already ended" },
  job_not_retryable: { title: "There is nothing to retry in this job" },
  job_not_ended: { title: "The job has not ended yet" },
  gone: {
    title: "These files have expired",
    advice: "Upload the originals again to repeat the job.",
  },
  too_many_items: { title: "Too many items", advice: "Split them into several jobs." },
  too_many_files: { title: "Too many files", advice: "Split them into several jobs." },
  file_too_large: {
    title: "A file is too large",
    advice: "Remove it or make it smaller, then try again.",
  },
  request_too_large: { title: "The request is too large" },
  unsupported_media: {
    title: "This type of file is not accepted",
    advice: "The type is detected from the content, not from the name. Remove the file and send the others.",
  },
  invalid_items: { title: "Some items are not valid" },
  invalid_schedule: { title: "The schedule is not valid" },
  email_unverified: { title: "Open the link in our email first" },
  weak_password: { title: "Choose another password" },
  invalid_link: { title: "This link no longer works" },
  unknown_part: { title: "The form has an unknown field" },
  invalid_options: { title: "Some options are not valid" },
  address_refused: {
    title: "This address is not allowed",
    advice: "It must begin with https:// or http://, be public, and contain no password.",
  },
  fetch_failed: {
    title: "The file could not be fetched from its address",
    advice: "Open the address yourself and check that it shows the file without signing in.",
  },
  idempotency_mismatch: {
    title: "This request was already sent with different content",
    advice: "Send it again.",
  },
  queue_full: {
    title: "The server is busy: its queue is full",
    advice: "Your choices are kept. Try again when the time is up.",
  },
  quota_exceeded: {
    title: "You have reached a quota",
    advice: "Wait for jobs to finish, delete jobs or files that you no longer need, or close other tabs.",
  },
  rate_limited: { title: "Too many requests in a short time", advice: "Wait a moment, then try again." },
  internal: {
    title: "Something went wrong on the server",
    advice: "Try again. If it happens again, check its log.",
  },
  unavailable: { title: "Part of the server is unavailable", advice: "Try again in a moment." },
  storage_full: {
    title: "The server's disk is full",
    advice: "Delete old jobs or free some space, then try again.",
  },
  package_missing: {
    title: "The server lacks an optional package",
    advice: "The message names it. The operator of the server can install it.",
  },
  no_cdn: { title: "The server has no content delivery network to clear" },
  publishing_off: {
    title: "The server does not publish files",
    advice: "Run it again without publishing, or ask the operator to set MILLRACE_CDN_URL.",
  },
  undecodable_file: {
    title: "The image cannot be read",
    advice: "It is damaged, truncated, or not the type that its name suggests.",
  },
  too_many_pixels: {
    title: "The image has too many pixels",
    advice: "Make it smaller before you upload it.",
  },
  too_many_frames: {
    title: "The animation has too many frames",
    advice: "Convert it without the animation, or shorten it before you upload it.",
  },
  too_many_pages: { title: "The document has too many pages" },
  too_deep: { title: "Jobs are nested too deeply" },
  step_failed: { title: "This step failed" },
  too_much_memory: {
    title: "The file needs too much memory",
    advice: "Make it smaller before you upload it.",
  },
  step_timeout: { title: "It took too long and was stopped" },
  worker_died: {
    title: "The process that worked on it crashed several times",
    advice: "Something in this file causes the crash.",
  },
  parts_failed: { title: "Parts that this step needs failed" },
  too_many_parts: { title: "The file has too many parts" },
  items_failed: { title: "Files that this step needs failed" },
};
