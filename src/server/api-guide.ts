/** The introduction of the API reference at `/docs`. */
export const apiGuide = `Millrace runs heavy image, document and AI work behind an API that answers at once. You create a job, get \`202\` and its id, follow its progress, and download the results.

## Getting started

Upload an image and convert it to WebP:

\`\`\`sh
curl http://127.0.0.1:8080/v1/jobs \\
  -F pipeline=image.convert \\
  -F 'options={"format": "webp", "width": 1280}' \\
  -F files=@photo.jpg
\`\`\`

The response is the job. Wait up to 30 seconds for it to end:

\`\`\`sh
curl "http://127.0.0.1:8080/v1/jobs/$JOB_ID?wait=30"
\`\`\`

Or follow its events live, which also works after it has ended:

\`\`\`sh
curl -N http://127.0.0.1:8080/v1/jobs/$JOB_ID/events
\`\`\`

Download all results as a ZIP, or one file by its \`artifactId\`:

\`\`\`sh
curl -o results.zip http://127.0.0.1:8080/v1/jobs/$JOB_ID/archive
curl -o photo.webp http://127.0.0.1:8080/v1/artifacts/$ARTIFACT_ID
\`\`\`

\`GET /v1/pipelines\` lists what else this server can run, with the options of each pipeline.

## Authentication

If accounts are on, send an API key with every request: \`Authorization: Bearer <key>\`. Create keys on the page, under Account. If accounts are off, no authentication is needed, and the server accepts requests from its own machine only.

## Errors

Errors are problem documents (RFC 9457, \`application/problem+json\`). \`code\` is stable, \`detail\` says what is wrong, and \`retryable\` says whether the same request may succeed later. Wait \`Retry-After\` seconds before you retry a \`429\`.

## Retries without duplicates

Send an \`Idempotency-Key\` when you create a job. If the connection breaks, send the same request with the same key: you get the first response instead of a second job.

## Lists

Lists return \`items\` and \`nextCursor\`. Pass \`nextCursor\` as \`cursor\` for the next page. It is \`null\` on the last page.`;
