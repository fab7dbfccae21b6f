/** Names and extensions of media types. */

const names: Readonly<Record<string, string>> = {
  webp: "WebP",
  "x-icon": "ICO",
  "vnd.microsoft.icon": "ICO",
  jxl: "JPEG XL",
  markdown: "Markdown",
  plain: "Text",
};

const extensions: Readonly<Record<string, string>> = {
  jpeg: "jpg",
  "x-icon": "ico",
  "vnd.microsoft.icon": "ico",
  markdown: "md",
  plain: "txt",
};

/** The name of a file type: `WebP` for `image/webp` or `webp`, `SVG` for `image/svg+xml`, `image` for `image/*`. */
export function typeName(mediaType: string): string {
  const [kind = "", name = kind] = mediaType.split("/");
  return name === "*" ? kind : (names[name] ?? withoutSuffix(name).toUpperCase());
}

/** The usual extension of a media type. Empty for types such as `*` that have none. */
export function extensionOf(mediaType: string): string {
  const [, name = "*"] = mediaType.split("/");
  const extension = extensions[name] ?? withoutSuffix(name);
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : "";
}

/** `svg` for `svg+xml`. */
function withoutSuffix(name: string): string {
  return name.replace(/\+\w+$/, "");
}
