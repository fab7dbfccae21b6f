import { defineApp } from "millrace";

export default defineApp({ path: "/jobs", title: "Jobs" });
